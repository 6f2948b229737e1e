// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/session.h"
#include "ui/inspect/histogramdock.h"
#include "ui/inspect/histogramplot.h"
#include "ui/inspect/inspectpage.h"
#include "ui/inspect/sparklines.h"
#include "ui/inspect/tensormodel.h"
#include "ui/inspect/tensorview.h"
#include "ui/jobs/job.h"
#include "ui/window/settings.h"

#include <QAbstractItemModelTester>
#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QTest>

#include <gtest/gtest.h>

namespace rekey::ui {
namespace {

class InspectPageTest : public ::testing::Test
{
protected:
    void openDemo()
    {
        session.setCheckpoints(openCheckpoint(REKEY_RESOURCES "/demo/sam_tiny.pth"),
                               openCheckpoint(REKEY_RESOURCES "/demo/hf_sam_tiny_init"));
        waitUntilIdle();
    }
    void waitUntilIdle()
    {
        QTest::qWait(5);
        ASSERT_TRUE(QTest::qWaitFor([this] { return jobs.running().isEmpty(); }, 30000));
    }
    void show()
    {
        page.resize(1440, 760);
        page.show();
        page.activated();
        waitUntilIdle();
    }

    QTemporaryDir folder;
    Jobs jobs;
    Settings settings{folder.filePath(QStringLiteral("settings.ini"))};
    Session session{jobs, settings};
    InspectPage page{session};
};

TEST_F(InspectPageTest, ModelKeepsTheRulesOfModels)
{
    TensorModel model(session);
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Fatal);
    const CheckpointPtr demo = openCheckpoint(REKEY_RESOURCES "/demo/sam_tiny.pth");
    for (const Folding folding : {Folding::Unfolded, Folding::Folded})
        model.setTree(Side::Source, demo, std::make_shared<const TensorTree>(buildTensorTree(demo->schema(), folding)));
    EXPECT_EQ(model.rowCount(), 3);
    TensorFilterModel filter;
    filter.setSourceModel(&model);
    QAbstractItemModelTester filterTester(&filter, QAbstractItemModelTester::FailureReportingMode::Fatal);
    std::vector<bool> accepted(model.tree()->nodes.size());
    accepted[1] = true;
    filter.setAccepted(accepted);
    EXPECT_EQ(filter.rowCount(), 1);
    filter.setAccepted({});
    EXPECT_EQ(filter.rowCount(), 3);
    model.setTree(Side::Source, nullptr, nullptr);
    EXPECT_EQ(filter.rowCount(), 0);
}

TEST_F(InspectPageTest, FilterShowsHitsAndTheirParents)
{
    openDemo();
    show();
    page.setFilter(QStringLiteral("blocks.2 qkv.weight"));
    QTest::qWait(150);
    waitUntilIdle();
    QAbstractItemModel *shown = page.view().model();
    ASSERT_EQ(shown->rowCount(), 1);
    QModelIndex index = shown->index(0, 0);
    while (shown->rowCount(index) > 0) {
        EXPECT_EQ(shown->rowCount(index), 1);
        index = shown->index(0, 0, index);
    }
    EXPECT_EQ(index.data().toString(), QStringLiteral("attn.qkv.weight"));
    page.setFilter({});
    QTest::qWait(150);
    waitUntilIdle();
    EXPECT_EQ(shown->rowCount(), 3);
}

TEST_F(InspectPageTest, FollowsTheSelectionOfOtherRooms)
{
    openDemo();
    show();
    const auto tensor = static_cast<std::uint32_t>(session.checkpoint(Side::Source)->find("image_encoder.neck.0.weight"));
    session.selectTensors(Side::Source, {tensor});
    waitUntilIdle();
    EXPECT_EQ(page.view().currentIndex().siblingAtColumn(0).data().toString(), QStringLiteral("0.weight"));
}

TEST_F(InspectPageTest, StatisticsAndBarsArrive)
{
    openDemo();
    show();
    const auto tensor = static_cast<std::uint32_t>(session.checkpoint(Side::Source)->find("image_encoder.blocks.2.attn.qkv.weight"));
    session.selectTensors(Side::Source, {tensor});
    waitUntilIdle();
    const QModelIndex index = page.view().currentIndex();
    EXPECT_EQ(index.siblingAtColumn(TensorModel::ShapeColumn).data().toString(), QStringLiteral("480×160"));
    EXPECT_EQ(index.siblingAtColumn(TensorModel::Mean).data().toString(), QStringLiteral("0.0001"));
    EXPECT_EQ(index.siblingAtColumn(TensorModel::StandardDeviation).data().toString(), QStringLiteral("0.0906"));
    const Sparklines::Bars bars = sparkline(*session.checkpoint(Side::Source), {tensor});
    EXPECT_EQ(*std::max_element(bars.begin(), bars.end()), 255);
}

TEST_F(InspectPageTest, ShowsTheTargetWhenThatIsAllThereIs)
{
    session.openSchema(Side::Target, checkpointFromSchema(openCheckpoint(REKEY_RESOURCES "/demo/hf_sam_tiny_init")->schema()));
    waitUntilIdle();
    show();
    EXPECT_EQ(page.side(), Side::Target);
    EXPECT_GT(page.view().model()->rowCount(), 0);
}

TEST_F(InspectPageTest, AHundredThousandKeysDoNotHoldTheWindow)
{
    Schema schema;
    schema.name = "large";
    for (int block = 0; block < 5000; ++block)
        for (int i = 0; i < 20; ++i)
            schema.tensors.push_back({"model.layers." + std::to_string(block) + ".part" + std::to_string(i) + ".weight",
                                      {64, 64},
                                      DType::F32,
                                      static_cast<std::uint32_t>(schema.tensors.size())});
    session.openSchema(Side::Source, checkpointFromSchema(std::move(schema)));
    waitUntilIdle();
    show();
    QElapsedTimer timer;
    timer.start();
    page.view().scrollToBottom();
    page.view().viewport()->repaint();
    EXPECT_LT(timer.elapsed(), 200);
    timer.restart();
    page.setFilter(QStringLiteral("layers.4999. part7"));
    QTest::qWait(150);
    waitUntilIdle();
    EXPECT_EQ(page.view().model()->rowCount(), 1);
    EXPECT_LT(timer.elapsed(), 5000);
}

TEST_F(InspectPageTest, DockShowsBothSidesOverTheSameBins)
{
    HistogramDock dock(session);
    dock.resize(1440, 190);
    dock.show();
    session.setCheckpoints(openCheckpoint(REKEY_RESOURCES "/demo/sam_tiny.pth"), openCheckpoint(REKEY_RESOURCES "/demo/sam_tiny.pth"));
    Mapping mapping;
    Rule rule;
    rule.sources = {Pattern::literal("image_encoder.pos_embed")};
    rule.targets = {Pattern::literal("image_encoder.pos_embed")};
    mapping.rules = {rule};
    session.document().load(mapping, {});
    waitUntilIdle();
    session.selectTensors(Side::Source, {static_cast<std::uint32_t>(session.checkpoint(Side::Source)->find("image_encoder.pos_embed"))});
    waitUntilIdle();
    const QString csv = dock.plot().csv();
    EXPECT_TRUE(csv.startsWith(QStringLiteral("lower,upper,source,target\n"))) << csv.left(60).toStdString();
    EXPECT_EQ(csv.count(QLatin1Char('\n')), 73);
    // The same tensor on both sides has the same counts.
    for (const QString &line : csv.split(QLatin1Char('\n')).mid(1, 72)) {
        const QStringList cells = line.split(QLatin1Char(','));
        EXPECT_EQ(cells[2], cells[3]);
    }
}

TEST_F(InspectPageTest, DockShowsEachCandidateOfAnOpenQuestion)
{
    HistogramDock dock(session);
    dock.show();
    const CheckpointPtr demo = openCheckpoint(REKEY_RESOURCES "/demo/sam_tiny.pth");
    session.setCheckpoints(demo, demo);
    const std::string head = "mask_decoder.iou_prediction_head.layers.";
    Rule rule;
    rule.state = RuleState::ToReview;
    rule.sources = {Pattern::literal(head + "0.weight")};
    for (const char *target : {"0.weight", "1.weight"})
        rule.candidates.push_back({rule.sources, {Pattern::literal(head + target)}, {}, 0.5, {}});
    rule.targets = rule.candidates.front().targets;
    Mapping mapping;
    mapping.rules = {rule};
    session.document().load(mapping, {});
    waitUntilIdle();
    session.selectRule(0);
    waitUntilIdle();
    const QString first = dock.plot().csv();
    ASSERT_TRUE(first.startsWith(QStringLiteral("lower,upper,source,target\n")));
    dock.showCandidate(1);
    waitUntilIdle();
    const QString second = dock.plot().csv();
    EXPECT_TRUE(second.startsWith(QStringLiteral("lower,upper,source,target\n")));
    EXPECT_NE(first, second);
    // The first answer pairs a tensor with itself.
    for (const QString &line : first.split(QLatin1Char('\n')).mid(1, 72))
        EXPECT_EQ(line.section(QLatin1Char(','), 2, 2), line.section(QLatin1Char(','), 3, 3));
}

} // namespace
} // namespace rekey::ui
