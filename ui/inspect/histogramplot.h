// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/inspect/statistics.h"

#include <QWidget>

#include <memory>
#include <optional>

namespace rekey::ui {

/// Two histograms with the same bins and range: source as filled steps, target as 1.75-px steps above it. Wheel zooms,
/// drag pans, a double click shows everything again, the pointer reads out both series.
class HistogramPlot : public QWidget
{
    Q_OBJECT
public:
    explicit HistogramPlot(QWidget *parent = nullptr);
    ~HistogramPlot() override;

    /// Either may be missing; where both are given they have the same bins.
    void setHistograms(std::optional<Histogram> source, std::optional<Histogram> target);
    void clear();
    void setLogarithmic(bool on);
    bool isLogarithmic() const;

    /// "lower,upper,source,target" lines, one a bin.
    QString csv() const;
    /// What the pointer at value `x` reads out; empty outside. For the crosshair and for screen readers.
    QString readout(double x) const;
    /// Visible range of values, for tests.
    std::pair<double, double> visibleRange() const;

public Q_SLOTS:
    void showAll();
    void copyCsv() const;

protected:
    void changeEvent(QEvent *event) override;
    void contextMenuEvent(QContextMenuEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void applyTheme();
    void fill();
    void fitCounts();
    void point(const QPoint &position);
    void describe();
    struct Parts;
    std::unique_ptr<Parts> d;
};

} // namespace rekey::ui
