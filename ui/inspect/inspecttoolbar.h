// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/session.h"

#include <QWidget>

class QTimer;

namespace rekey::ui {

class FilterField;
class PageButton;
class SegmentedSwitch;

/// The Inspect room's part of the tool bar: which file, folding, the filter, saving. Narrow windows fold texts to icons.
class InspectToolBar : public QWidget
{
    Q_OBJECT
public:
    explicit InspectToolBar(QWidget *parent = nullptr);

    void setSide(Side side);
    void setFile(Side side, const QString &name, bool mayBeChosen); ///< name empty: nothing is open there
    void setOpen(bool open); ///< whether the shown side is
    bool isFolded() const;
    void setFolded(bool folded);
    QString filter() const;
    void setFilter(const QString &text);
    void focusFilter();

Q_SIGNALS:
    void sideChosen(rekey::ui::Side side);
    void foldedChanged();
    void filterChanged(); ///< a moment after the last key
    void saveAsked();

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    SegmentedSwitch *m_sides;
    PageButton *m_fold, *m_save;
    FilterField *m_filter;
    QTimer *m_delay;
};

} // namespace rekey::ui
