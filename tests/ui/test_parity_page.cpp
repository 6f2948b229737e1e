// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/fakeparity.h"
#include "ui/document/session.h"
#include "ui/jobs/job.h"
#include "ui/parity/depthplot.h"
#include "ui/parity/layerpanel.h"
#include "ui/parity/layersmodel.h"
#include "ui/parity/paritycells.h"
#include "ui/parity/paritypage.h"
#include "ui/parity/parityreport.h"
#include "ui/parity/paritytable.h"
#include "ui/parity/parityverdict.h"
#include "ui/parity/verdictline.h"
#include "ui/parity/weightsmodel.h"
#include "ui/theme/displaytext.h"
#include "ui/window/notice.h"
#include "ui/window/settings.h"

#include <QAbstractItemModelTester>
#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <gtest/gtest.h>

namespace rekey::ui {
namespace {

using testing::ParityLog;

class ParityPageTest : public ::testing::Test
{
protected:
    ParityPageTest()
    {
        page.resize(1440, 760);
        page.show();
        page.setPictureSource([] { return ParityPicture {"photo.png", {}}; });
    }
    void openPair()
    {
        const CheckpointPtr checkpoint = openCheckpoint(REKEY_RESOURCES "/demo/hf_sam_tiny_init");
        session.setCheckpoints(checkpoint, checkpoint);
        Mapping mapping;
        Rule same;
        same.sources = {Pattern::parse("{rest}")};
        same.targets = {Pattern::parse("{rest}")};
        mapping.rules = {same, same, same};
        session.document().load(mapping, {});
        ASSERT_TRUE(QTest::qWaitFor([this] { return session.document().isResolved(); }, 5000));
        page.activated();
        ASSERT_TRUE(page.run().blocked().isEmpty()) << page.run().blocked().toStdString();
    }
    void runAndWait()
    {
        page.run().start();
        ASSERT_TRUE(QTest::qWaitFor([this] { return !page.run().isRunning(); }, 10000));
    }

    QTemporaryDir folder;
    std::shared_ptr<ParityLog> log = std::make_shared<ParityLog>();
    Jobs jobs;
    Settings settings {folder.filePath(QStringLiteral("settings.ini"))};
    Session session {jobs, settings};
    ParityPage page {session, testing::fakeParityDoor(log)};
};

TEST_F(ParityPageTest, NamesTheFirstDivergenceAndItsRules)
{
    openPair();
    runAndWait();
    ASSERT_TRUE(page.run().result());
    EXPECT_EQ(page.verdict().text(),
              QStringLiteral("Weights differ: rules 3 and 1. They part at decoder.iou_head: two layers of equal shape are swapped."));
    EXPECT_EQ(page.plot().current(), 2) << "the first divergence is chosen";
    EXPECT_EQ(page.layers().currentRow(), 2);
    EXPECT_EQ(page.layerPanel().row(), 2);
    QSignalSpy spy(&page, &ParityPage::rulesAsked);
    Q_EMIT page.verdict().rulesAsked();
    ASSERT_EQ(spy.count(), 1);
    EXPECT_EQ(spy.first().first().value<std::vector<std::uint32_t>>(), (std::vector<std::uint32_t> {2, 0}));
}

TEST_F(ParityPageTest, AgreementHasNoDivergence)
{
    openPair();
    log->parts = false;
    runAndWait();
    EXPECT_TRUE(page.verdict().text().startsWith(QStringLiteral("Equal within tolerance"))) << page.verdict().text().toStdString();
    EXPECT_EQ(page.plot().current(), -1);
}

TEST_F(ParityPageTest, ClicksInThePlotChooseLayersAndRowsChoosePoints)
{
    openPair();
    runAndWait();
    QTest::qWait(50);
    auto *canvas = page.plot().findChild<QWidget *>();
    ASSERT_NE(canvas, nullptr);
    QTest::mouseClick(canvas, Qt::LeftButton, Qt::NoModifier, page.plot().positionOf(1));
    EXPECT_EQ(page.plot().current(), 1);
    EXPECT_EQ(page.layers().currentRow(), 1);
    EXPECT_EQ(page.layerPanel().row(), 1);
    QTest::keyClick(&page.plot(), Qt::Key_Right);
    EXPECT_EQ(page.plot().current(), 2);
    QTest::keyClick(&page.layers(), Qt::Key_Down);
    EXPECT_EQ(page.plot().current(), 3);
    EXPECT_EQ(page.plot().readout(1), QStringLiteral("encoder.blocks.0 · accumulated 4.1e−7 · isolated 4.1e−7"));
}

TEST_F(ParityPageTest, OnlyDifferencesLeavesTheRest)
{
    openPair();
    runAndWait();
    EXPECT_EQ(page.layers().model()->rowCount(), 4);
    page.setOnlyDifferences(true);
    EXPECT_EQ(page.layers().model()->rowCount(), 2);
    EXPECT_EQ(page.layers().currentRow(), 2) << "the choice stays";
    page.layers().filter().setWords(QStringLiteral("masks"));
    EXPECT_EQ(page.layers().model()->rowCount(), 1);
}

TEST_F(ParityPageTest, WeightsOfTheTargetSortByFigures)
{
    openPair();
    page.run().setReference({ParityReference::Kind::Target, {}, {}});
    runAndWait();
    EXPECT_EQ(log->weights, 1);
    EXPECT_EQ(page.verdict().text(), QStringLiteral("Weights differ: rule 7. 3 tensors compared: 1 different, 1 within tolerance, 1 equal. "
                                                    "a.weight gets the values that belong to d.weight."));
    EXPECT_FALSE(page.plot().isVisible()) << "nothing was compared layer by layer";
    EXPECT_EQ(page.weights().currentRow(), 1);
    page.weights().sortByColumn(WeightsModel::Largest, Qt::DescendingOrder);
    EXPECT_EQ(page.weights().model()->index(0, 0).data().toString(), QStringLiteral("a.weight"));
    EXPECT_EQ(page.weights().model()->index(1, 0).data().toString(), QStringLiteral("c.weight"));
    EXPECT_EQ(page.weights().model()->index(1, WeightsModel::Cosine).data().toString(), QStringLiteral("0.999999"))
        << "never rounded up to 1";
}

TEST_F(ParityPageTest, AChangedMappingMakesItOutOfDate)
{
    openPair();
    runAndWait();
    EXPECT_FALSE(page.run().isOutOfDate());
    const double before = page.run().tolerance();
    EXPECT_EQ(before, toleranceHalf) << "the target holds F16";
    page.run().setTolerance(1e-5);
    EXPECT_TRUE(page.run().isOutOfDate());
    page.run().setTolerance(before);
    EXPECT_FALSE(page.run().isOutOfDate());
    Mapping other = session.document().mapping();
    other.rules.pop_back();
    session.document().load(other, {});
    EXPECT_TRUE(page.run().isOutOfDate());
}

TEST_F(ParityPageTest, BehaviourChosenForTheConvertedModelIsUsedAndSaid)
{
    ParityConditions chosen {{{"decoder_norm_eps", 1e-5}}, Precision::BF16};
    page.setConditionsSource([&] { return chosen; });
    openPair();
    runAndWait();
    EXPECT_EQ(log->behaviour, chosen.behaviour);
    EXPECT_EQ(log->precision, Precision::BF16);
    EXPECT_EQ(page.run().tolerance(), toleranceHalf);
    EXPECT_TRUE(page.verdict().text().contains(QStringLiteral("Converted model with LayerNorm eps, mask decoder 1e−5, computed in BF16.")))
        << page.verdict().text().toStdString();
    chosen = {};
    page.activated();
    EXPECT_TRUE(page.run().isOutOfDate()) << "another behaviour is another comparison";
    runAndWait();
    EXPECT_TRUE(log->behaviour.empty());
}

TEST_F(ParityPageTest, TwoFilesOfActivationsNeedNothingOpen)
{
    const std::filesystem::path file = REKEY_TEST_DATA "/parity/siglip2_io.safetensors";
    EXPECT_FALSE(page.run().blocked().isEmpty()) << "nothing is open";
    page.compareWith({ParityReference::Kind::Files, file, file});
    ASSERT_TRUE(QTest::qWaitFor([this] { return !page.run().isRunning(); }, 10000));
    EXPECT_EQ(log->files, 1);
    ASSERT_TRUE(page.run().result());
    EXPECT_TRUE(page.plot().isVisible());
    EXPECT_TRUE(page.verdict().text().endsWith(QStringLiteral("rounding is 1e−5 in siglip2_io.safetensors")))
        << page.verdict().text().toStdString();
    const QString report = QString::fromUtf8(parityReport(*page.run().result()));
    EXPECT_TRUE(report.contains(QStringLiteral("Activations in siglip2_io.safetensors against those in siglip2_io.safetensors.")));
    // They are no one's: opening and closing checkpoints leaves the comparison.
    openPair();
    EXPECT_TRUE(page.run().result());
}

TEST_F(ParityPageTest, AFreshTargetBlamesNoRule)
{
    openPair();
    log->fresh = true;
    page.run().setReference({ParityReference::Kind::Target, {}, {}});
    runAndWait();
    EXPECT_TRUE(page.verdict().text().startsWith(QStringLiteral("The target looks freshly initialised. Hardly a value of 3 tensors")))
        << page.verdict().text().toStdString();
    EXPECT_TRUE(headline(*page.run().result()).rules.empty());
}

TEST_F(ParityPageTest, CancelLeavesTheOldResult)
{
    openPair();
    runAndWait();
    const auto before = page.run().result();
    log->milliseconds = 20000;
    page.run().start();
    ASSERT_TRUE(page.run().isRunning());
    QTest::qWait(30);
    QElapsedTimer timer;
    timer.start();
    page.run().cancel();
    ASSERT_TRUE(QTest::qWaitFor([this] { return !page.run().isRunning(); }, 5000));
    EXPECT_LT(timer.elapsed(), 1000);
    EXPECT_EQ(page.run().result(), before);
    EXPECT_TRUE(page.plot().isVisible());
}

TEST_F(ParityPageTest, AFailureIsSaidWhereThePersonLooks)
{
    openPair();
    log->refuse = true;
    runAndWait();
    EXPECT_TRUE(page.run().error().contains(QStringLiteral("no known architecture")));
    EXPECT_FALSE(page.plot().isVisible());
    log->refuse = false;
    runAndWait();
    log->refuse = true;
    runAndWait();
    EXPECT_TRUE(page.notice().isVisible()) << "beside an older result";
    EXPECT_TRUE(page.notice().text().contains(QStringLiteral("no known architecture")));
}

TEST_F(ParityPageTest, AReportThatCannotBeWrittenIsSaidOnThePage)
{
    openPair();
    runAndWait();
    page.saveReport(folder.filePath(QStringLiteral("no/such/folder/report.md")));
    ASSERT_TRUE(QTest::qWaitFor([this] { return page.notice().isVisible(); }, 5000));
    EXPECT_EQ(page.notice().status(), Status::Missing);
    const QString file = folder.filePath(QStringLiteral("report.md"));
    page.saveReport(file);
    ASSERT_TRUE(QTest::qWaitFor([&] { return QFile::exists(file) && page.notice().status() == Status::Proven; }, 5000));
    QFile report(file);
    ASSERT_TRUE(report.open(QIODevice::ReadOnly));
    const QByteArray text = report.readAll();
    EXPECT_TRUE(text.contains("# Parity: Weights differ: rules 3 and 1"));
    EXPECT_TRUE(text.contains("| `decoder.iou_head` | 3.1e"));
}

TEST(ParityModels, ObeyTheRulesOfModels)
{
    auto result = std::make_shared<ParityResult>();
    result->layers = testing::fakeLayers(true);
    result->weights = testing::fakeWeights();
    LayersModel layers;
    WeightsModel weights;
    QAbstractItemModelTester layersTester(&layers, QAbstractItemModelTester::FailureReportingMode::Fatal);
    QAbstractItemModelTester weightsTester(&weights, QAbstractItemModelTester::FailureReportingMode::Fatal);
    layers.setResult(result);
    weights.setResult(result);
    EXPECT_EQ(layers.rowCount(), 4);
    EXPECT_EQ(weights.rowCount(), 3);
    EXPECT_EQ(layers.index(2, LayersModel::Weights).data().toString(), QStringLiteral("differ"));
    layers.setResult(nullptr);
    EXPECT_EQ(layers.rowCount(), 0);
}

TEST(ParityWords, SentencesOfCoreHaveTheWindowsNumbers)
{
    EXPECT_EQ(sentenceText("decoder_norm_eps 1e-05 and 1e-06: by 3.9e-05."), QStringLiteral("decoder_norm_eps 1e−5 and 1e−6: by 3.9e−5."));
    EXPECT_EQ(sentenceText("1.2e+10"), QStringLiteral("1.2e10"));
    EXPECT_EQ(sentenceText("layer1e-05.weight v1e-05 1e-05x"), QStringLiteral("layer1e-05.weight v1e-05 1e-05x")) << "keys stay";
}

TEST(ParityWords, TimesAndRules)
{
    EXPECT_EQ(rulesText({}), QString());
    EXPECT_EQ(rulesText({6}), QStringLiteral("rule 7"));
    EXPECT_EQ(rulesText({6, 8, 1, 2}), QStringLiteral("rules 7, 9 and 2 more"));
    EXPECT_EQ(timesText(0.31, 1e-3), QStringLiteral("310×"));
    EXPECT_EQ(timesText(2e-5, 1e-3), QStringLiteral("0.020×"));
    EXPECT_EQ(toleranceText(1e-3), QStringLiteral("10⁻³"));
    EXPECT_EQ(toleranceText(3e-2), QStringLiteral("3 × 10⁻²"));
}

} // namespace
} // namespace rekey::ui
