// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/session.h"
#include "ui/jobs/job.h"
#include "ui/window/mainwindow.h"
#include "ui/window/settings.h"

#include <QTemporaryDir>
#include <QTest>

#include <gtest/gtest.h>

#include <fstream>

namespace rekey::ui {

/// A whole window with settings of its own, on whatever screen there is.
class WindowTest : public ::testing::Test
{
protected:
    void SetUp() override
    {
        settings = std::make_unique<Settings>(folder.filePath(QStringLiteral("settings.ini")));
        for (const char *kind : {"open", "mapping", "convert", "export"})
            settings->setLastFolder(QString::fromLatin1(kind), folder.path());
        jobs = std::make_unique<Jobs>();
        session = std::make_unique<Session>(*jobs, *settings);
        window = std::make_unique<MainWindow>(*session);
        window->resize(1440, 900);
        window->show();
        ASSERT_TRUE(QTest::qWaitForWindowExposed(window.get()));
    }

    void TearDown() override { window.reset(); }

    static Schema schema(std::initializer_list<std::pair<const char *, Shape>> rows)
    {
        Schema made;
        std::uint32_t index = 0;
        for (const auto &[key, shape] : rows)
            made.tensors.push_back({key, shape, DType::F32, index++});
        return made;
    }

    static Rule rule(const char *source, const char *target)
    {
        Rule made;
        made.sources.push_back(Pattern::parse(source));
        made.targets.push_back(Pattern::parse(target));
        return made;
    }

    std::filesystem::path write(const char *name, const std::string &bytes) const
    {
        const std::filesystem::path path = std::filesystem::path(folder.path().toStdString()) / name;
        std::ofstream(path, std::ios::binary) << bytes;
        return path;
    }

    bool settled() const { return session->document().isResolved() && !session->isSuggesting(); }
    static bool waitFor(const std::function<bool()> &condition, int milliseconds = 10000)
    {
        return QTest::qWaitFor(condition, milliseconds);
    }

    QTemporaryDir folder;
    std::unique_ptr<Settings> settings;
    std::unique_ptr<Jobs> jobs;
    std::unique_ptr<Session> session;
    std::unique_ptr<MainWindow> window;
};

} // namespace rekey::ui
