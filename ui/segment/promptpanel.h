// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QListView;

namespace rekey::ui {

class PageButton;
class PanelHeader;
class PromptModel;

/// The prompts of the picture: an eye leaves one out, a cross removes it, each one undo step.
class PromptPanel : public QWidget
{
    Q_OBJECT
public:
    explicit PromptPanel(PromptModel &model, QWidget *parent = nullptr);

    int currentRow() const;
    void setCurrentRow(int row);
    QListView &view() const { return *m_view; }

Q_SIGNALS:
    void currentChanged(int row);

private:
    void follow();

    PromptModel &m_model;
    PanelHeader *m_header;
    PageButton *m_clear;
    QListView *m_view;
    QWidget *m_hint;
};

} // namespace rekey::ui
