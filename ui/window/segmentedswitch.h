// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/window/choicewidget.h"

#include <QList>
#include <QString>

namespace rekey::ui {

/// One of a few: "Side by side | Swipe | Difference". One tab stop; left and right move. 28 high (small: 24).
class SegmentedSwitch : public ChoiceWidget
{
    Q_OBJECT
public:
    struct Choice { QString text, iconName, toolTip, badge = {}; };

    explicit SegmentedSwitch(QList<Choice> choices, QWidget *parent = nullptr);

    int current() const { return m_current; }
    void setCurrent(int index);
    void setChoice(int index, const Choice &choice);
    void setChoiceEnabled(int index, bool enabled);
    void setSmall(bool isSmall);
    /// Icons only, the texts as tool tips: narrow windows.
    void setFolded(bool folded);
    void setBadge(int index, const QString &text); ///< "13" after the text
    QRect choiceRect(int index) const override;

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

Q_SIGNALS:
    void currentChanged(int index);

protected:
    void paintEvent(QPaintEvent *event) override;
    int choiceCount() const override { return static_cast<int>(m_choices.size()); }
    int currentChoice() const override { return m_current; }
    bool mayPick(int index) const override { return m_enabled[index]; }
    void pick(int index) override { setCurrent(index); }
    void changeEvent(QEvent *event) override;
    bool event(QEvent *event) override;

private:
    QFont choiceFont(bool current) const;
    int choiceWidth(int index) const;
    void describe();

    QList<Choice> m_choices;
    QList<bool> m_enabled;
    int m_current = 0, m_height = 28;
    bool m_folded = false;
};

} // namespace rekey::ui
