// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/segment/everythingrun.h"

#include <QWidget>

class QSpinBox;
class QDoubleSpinBox;

namespace rekey::ui {

class PageButton;
class PanelHeader;
class StatisticsTable;

/// How everything is segmented (the grid, what is kept), what came out for each model, and what is under the pointer.
class EverythingPanel : public QWidget
{
    Q_OBJECT
public:
    explicit EverythingPanel(EverythingRun &run, QWidget *parent = nullptr);

    void follow();
    /// The mask under the pointer in a model's picture; -1: none.
    void setPointed(Which which, int mask);

Q_SIGNALS:
    void saveAsked();

private:
    EverythingOptions given() const;
    void show(const EverythingOptions &options);
    void change();
    void updateTable();

    EverythingRun &m_run;
    PanelHeader *m_header;
    QSpinBox *m_points, *m_layers, *m_area;
    QDoubleSpinBox *m_iou, *m_stability, *m_overlap;
    PageButton *m_start, *m_defaults, *m_save;
    StatisticsTable *m_table;
    Which m_pointedWhich = Which::Original;
    int m_pointed = -1;
    bool m_quiet = false; ///< values that are shown are not a person's
};

} // namespace rekey::ui
