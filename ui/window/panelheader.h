// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme.h"

#include <QWidget>

class QHBoxLayout;

namespace rekey::ui {

/// The 32-high head of a panel: icon, title, quiet text after it, and at the right a chip or widgets.
class PanelHeader : public QWidget
{
    Q_OBJECT
public:
    explicit PanelHeader(const QString &title, const QString &iconName = {}, QWidget *parent = nullptr);

    void setTitle(const QString &title);
    void setDetail(const QString &text);     ///< "in 6 blocks, split in three on dim 0"
    void setDetailFixed(bool fixed);         ///< detail in the fixed font (a key)
    /// Title and icon in this colour (Original, Converted); an invalid one: text.
    void setInk(const QColor &colour);
    void setChip(const QString &iconName, const QString &text, Status status);
    void clearChip();
    void setTrailingText(const QString &text); ///< quiet text at the right edge
    void setLeftMargin(int pixels);            ///< 12 by default
    void addTrailing(QWidget *widget);         ///< a link or switch at the right edge
    /// As the head of a card: base surface, no line above.
    void setCardHead(bool on);

    QSize sizeHint() const override { return {160, 32}; }
    QSize minimumSizeHint() const override { return {80, 32}; }

protected:
    void paintEvent(QPaintEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    QString m_title, m_iconName, m_detail, m_trailing;
    QString m_chipIcon, m_chipText;
    Status m_chipStatus = Status::None;
    QColor m_ink;
    bool m_fixedDetail = false, m_cardHead = false;
    int m_leftMargin = 12;
    QHBoxLayout *m_layout;
};

} // namespace rekey::ui
