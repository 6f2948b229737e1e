// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspect/histogramplot.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QTest>
#include <QWheelEvent>

#include <gtest/gtest.h>

namespace rekey::ui {
namespace {

Histogram counted(std::vector<std::uint64_t> counts)
{
    Histogram histogram;
    histogram.lower = -1;
    histogram.upper = 1;
    histogram.counts = std::move(counts);
    return histogram;
}

class HistogramPlotTest : public ::testing::Test
{
protected:
    void SetUp() override
    {
        plot.resize(600, 180);
        plot.show();
        plot.setHistograms(counted({1, 20, 3, 0}), counted({0, 18, 5, 1}));
    }
    HistogramPlot plot;
};

TEST_F(HistogramPlotTest, CsvHasBothSeries)
{
    plot.copyCsv();
    EXPECT_EQ(QGuiApplication::clipboard()->text(),
              QStringLiteral("lower,upper,source,target\n-1,-0.5,1,0\n-0.5,0,20,18\n0,0.5,3,5\n0.5,1,0,1\n"));
}

TEST_F(HistogramPlotTest, CsvOfOneSeries)
{
    plot.setHistograms(std::nullopt, counted({7, 8}));
    EXPECT_EQ(plot.csv(), QStringLiteral("lower,upper,target\n-1,0,7\n0,1,8\n"));
}

TEST_F(HistogramPlotTest, ReadsOutBothSeries)
{
    EXPECT_EQ(plot.readout(-0.2), QStringLiteral("−0.5000 to 0.0000 · source 20 · target 18"));
    EXPECT_EQ(plot.readout(1), QStringLiteral("0.5000 to 1.0000 · source 0 · target 1"));
    EXPECT_TRUE(plot.readout(1.1).isEmpty());
}

TEST_F(HistogramPlotTest, WheelZoomsAndShowAllResets)
{
    QTest::qWait(20);
    QWidget *inner = plot.findChildren<QWidget *>().first();
    const QPointF at(300, 80);
    QWheelEvent event(at, inner->mapToGlobal(at), {}, {0, 240}, Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase, false);
    QCoreApplication::sendEvent(inner, &event);
    EXPECT_LT(plot.visibleRange().second - plot.visibleRange().first, 2);
    plot.showAll();
    EXPECT_EQ(plot.visibleRange(), (std::pair<double, double>(-1, 1)));
}

TEST_F(HistogramPlotTest, DescribesItselfToScreenReaders)
{
    EXPECT_TRUE(plot.accessibleDescription().contains(QStringLiteral("Source: 4 bins from −1.0000 to 1.0000, most values near −0.2500")));
    plot.clear();
    EXPECT_TRUE(plot.accessibleDescription().isEmpty());
}

TEST_F(HistogramPlotTest, EmptyAndLogarithmicDoNotStumble)
{
    plot.setLogarithmic(true);
    plot.setHistograms(counted({0, 0, 0}), std::nullopt);
    plot.clear();
    plot.grab();
    EXPECT_TRUE(plot.isLogarithmic());
}

} // namespace
} // namespace rekey::ui
