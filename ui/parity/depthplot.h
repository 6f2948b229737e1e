// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/parity/activationparity.h"

#include <QStringList>
#include <QWidget>

#include <memory>
#include <optional>

namespace rekey::ui {

/// Error over depth on a logarithmic scale: accumulated as a line, isolated as squares, the tolerance as a dashed line,
/// the first divergence ringed. Pointing reads out a layer, a click or the arrow keys choose it; the wheel zooms, drag
/// pans, a double click shows everything.
class DepthPlot : public QWidget
{
    Q_OBJECT
public:
    explicit DepthPlot(QWidget *parent = nullptr);
    ~DepthPlot() override;

    /// `layers`: a name for each row that the points count by.
    void setErrors(const ErrorOverDepth &errors, const QStringList &layers, double tolerance, std::optional<std::size_t> divergence);
    void clear();
    void setCurrent(int row); ///< -1: none
    int current() const;

    QString csv() const; ///< "layer,accumulated,isolated"
    QString readout(int row) const; ///< "encoder.neck · accumulated 1.2e−6 · isolated 4.0e−7"
    QPoint positionOf(int row) const; ///< of its accumulated (else isolated) point, for tests
    int rowAt(const QPoint &position) const; ///< the nearest one; -1 outside the plot

public Q_SLOTS:
    void showAll();
    void copyCsv() const;

Q_SIGNALS:
    void chosen(int row);

protected:
    void changeEvent(QEvent *event) override;
    void contextMenuEvent(QContextMenuEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void focusInEvent(QFocusEvent *event) override;
    void focusOutEvent(QFocusEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void makePlot();
    void applyTheme();
    void fill();
    void onMouse(const QMouseEvent &mouse);
    void point(const QPoint &position);
    void place();
    void labelSections();
    void describe();
    struct Parts;
    std::unique_ptr<Parts> d;
};

} // namespace rekey::ui
