// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/ruledraft.h"
#include "ui/document/session.h"

#include <QLabel>
#include <QLineEdit>
#include <QTimer>
#include <QWidget>

namespace rekey::ui {

class ElidedLabel;
class PageButton;

/// A line edit for patterns that underlines where a pattern goes wrong.
class PatternEdit : public QLineEdit
{
    Q_OBJECT
public:
    explicit PatternEdit(QWidget *parent = nullptr);
    void setErrorPosition(qsizetype position); ///< -1: none

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    qsizetype m_error = -1;
};

/// A rule in edit, 72 px: sources → targets, and below what they would do, computed off the GUI thread.
class RuleEditor : public QWidget
{
    Q_OBJECT
public:
    static constexpr int height = 72;

    RuleEditor(Session &session, QWidget *parent);

    /// `index` none: a new rule.
    void setRule(std::uint32_t index, const Rule &rule);
    std::uint32_t ruleIndex() const { return m_index; }
    RuleDraft draft() const;
    void setDraft(const RuleDraft &draft);
    QString effectText() const;
    PatternEdit *sources() const { return m_sources; }
    PatternEdit *targets() const { return m_targets; }

Q_SIGNALS:
    void applied(std::uint32_t index, const rekey::Rule &rule);
    void discarded();
    void effectShown(); ///< the effect line belongs to what the fields say

protected:
    void paintEvent(QPaintEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void apply();
    void computeEffect();
    void showEffect(const DraftEffect &effect);

    Session &m_session;
    MappingDocument &m_document;
    std::uint32_t m_index = none;
    Rule m_base;
    PatternEdit *m_sources, *m_targets, *m_transform;
    QLabel *m_effectIcon;
    ElidedLabel *m_effect;
    PageButton *m_apply, *m_discard;
    QTimer m_debounce;
};

} // namespace rekey::ui
