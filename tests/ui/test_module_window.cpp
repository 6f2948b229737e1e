// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "ui/document/session.h"
#include "ui/jobs/job.h"
#include "ui/module/modulewindow.h"
#include "ui/window/pagebutton.h"
#include "ui/window/settings.h"

#include <QTemporaryDir>
#include <QTest>

#include <gtest/gtest.h>

#include <atomic>

namespace rekey::ui {
namespace {

struct Log
{
    std::atomic<int> opened = 0, ran = 0;
    std::atomic<bool> refuse = false, allowed = false;
    ImagePreparation preparation;
};

/// Gives a map of 4 × 3 with its left half above 0, and three class scores.
class FakeModule : public ScriptModule
{
public:
    explicit FakeModule(std::shared_ptr<Log> log)
        : m_log(std::move(log))
    {
    }
    std::string description() const override { return "TorchScript Fake, 2 parameters"; }
    std::size_t filled() const override { return 0; }
    std::vector<std::string> notFilled() const override { return {}; }
    double milliseconds() const override { return 12; }
    std::vector<ScriptOutput> run(const Image &, const ImagePreparation &preparation, const Progress &) override
    {
        ++m_log->ran;
        m_log->preparation = preparation;
        if (m_log->refuse)
            throw Error("module.pt", "forward", "expected 1 channel, got 3");
        ScriptOutput map {"map", {1, 1, 3, 4}, {}};
        for (int i = 0; i < 12; ++i)
            map.values.push_back(i % 4 < 2 ? 1.0F : -1.0F);
        return {map, ScriptOutput {"scores", {1, 3}, {0.0F, 3.0F, 1.0F}}};
    }

private:
    std::shared_ptr<Log> m_log;
};

class ModuleWindowTest : public ::testing::Test
{
protected:
    ModuleWindowTest() { window.show(); }
    ModuleDoor door()
    {
        return {[this](const ScriptModuleRequest &request, const Progress &) -> std::unique_ptr<ScriptModule> {
                    ++log->opened;
                    log->allowed = request.executionAllowed;
                    return std::make_unique<FakeModule>(log);
                },
                [](const std::filesystem::path &) {
                    Image image;
                    image.width = image.height = 8;
                    image.rgb.assign(8 * 8 * 3, 128);
                    return image;
                }};
    }
    void waitUntilIdle()
    {
        ASSERT_TRUE(QTest::qWaitFor([this] { return jobs.running().isEmpty(); }, 10000));
    }
    void openAndRun()
    {
        waitUntilIdle();
        window.open("module.pt");
        QTest::mouseClick(window.consentButton(), Qt::LeftButton);
        waitUntilIdle();
    }

    QTemporaryDir folder;
    std::shared_ptr<Log> log = std::make_shared<Log>();
    Jobs jobs;
    Settings settings {folder.filePath(QStringLiteral("settings.ini"))};
    Session session {jobs, settings};
    ModuleWindow window {session, door()};
};

TEST_F(ModuleWindowTest, NothingRunsBeforeConsent)
{
    waitUntilIdle();
    window.open("module.pt");
    window.run().start();
    waitUntilIdle();
    EXPECT_EQ(log->opened, 0);
    ASSERT_TRUE(window.consentButton()->isVisible());
    QTest::mouseClick(window.consentButton(), Qt::LeftButton);
    waitUntilIdle();
    EXPECT_EQ(log->opened, 1);
    EXPECT_TRUE(log->allowed);
    EXPECT_EQ(log->ran, 1);
}

TEST_F(ModuleWindowTest, AnotherFileAsksAgain)
{
    openAndRun();
    window.open("other.pt");
    EXPECT_FALSE(window.run().isConsented());
    EXPECT_TRUE(window.consentButton()->isVisible());
}

TEST_F(ModuleWindowTest, ShapesSuggestHowOutputsAreShown)
{
    openAndRun();
    ASSERT_TRUE(window.run().result());
    EXPECT_EQ(window.choice().kind, OutputKind::HeatMap);
    EXPECT_EQ(window.outputView().output().picture.size(), QSize(4, 3));
    window.setChoice({0, OutputKind::Mask, 0, 0});
    waitUntilIdle();
    EXPECT_EQ(qGray(window.outputView().output().picture.pixel(0, 0)), 255);
    EXPECT_EQ(qGray(window.outputView().output().picture.pixel(3, 0)), 0);
    window.setChoice({1, OutputKind::Scores, 0, 0});
    waitUntilIdle();
    ASSERT_EQ(window.outputView().output().scores.size(), 3U);
    EXPECT_EQ(window.outputView().output().scores.front().index, 1U);
    window.setChoice({1, OutputKind::Mask, 0, 0});
    waitUntilIdle();
    EXPECT_FALSE(window.outputView().output().error.isEmpty()) << "scores are no map";
}

TEST_F(ModuleWindowTest, PreparationMakesItOutOfDate)
{
    openAndRun();
    EXPECT_EQ(log->preparation.width, 224);
    ImagePreparation preparation = window.run().preparation();
    preparation.width = preparation.height = 64;
    window.run().setPreparation(preparation);
    EXPECT_TRUE(window.run().isOutOfDate());
    window.run().start();
    waitUntilIdle();
    EXPECT_EQ(log->opened, 1) << "the module stays open";
    EXPECT_EQ(log->preparation.width, 64);
    EXPECT_FALSE(window.run().isOutOfDate());
}

TEST_F(ModuleWindowTest, WhatTheModuleSaysIsShown)
{
    log->refuse = true;
    openAndRun();
    EXPECT_TRUE(window.run().error().contains(QStringLiteral("expected 1 channel")));
}

} // namespace
} // namespace rekey::ui
