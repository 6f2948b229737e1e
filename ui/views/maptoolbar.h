// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QLineEdit>
#include <QWidget>

class QUndoStack;

namespace rekey::ui {

class PageButton;
class SegmentedSwitch;

/// A line edit with a magnifier and, while it is empty, the key that leads to it.
class FilterField : public QLineEdit
{
    Q_OBJECT
public:
    explicit FilterField(const QString &placeholder, QWidget *parent = nullptr);

protected:
    void paintEvent(QPaintEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
};

/// The tool bar of the Map room, right of the rooms switch. Folds to icons in narrow windows.
class MapToolBar : public QWidget
{
    Q_OBJECT
public:
    explicit MapToolBar(QUndoStack &undo, QWidget *parent = nullptr);

    PageButton *suggestAgain() const { return m_suggest; }
    PageButton *nextQuestion() const { return m_next; }
    PageButton *convert() const { return m_convert; }
    SegmentedSwitch *showSwitch() const { return m_show; }
    FilterField *filter() const { return m_filter; }

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    PageButton *m_undo, *m_redo, *m_suggest, *m_next, *m_convert;
    SegmentedSwitch *m_show;
    FilterField *m_filter;
};

} // namespace rekey::ui
