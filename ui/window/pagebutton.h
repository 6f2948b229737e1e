// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractButton>

namespace rekey::ui {

/// The buttons of tool bars and panels as ui.md measures them: 28 high, radius 6, icon 16. Painted from Theme, so that
/// every platform style shows the same tool bar. A checkable flat one is a canvas tool.
class PageButton : public QAbstractButton
{
    Q_OBJECT
public:
    enum class Look : quint8 {
        Outlined, ///< "Open image…"
        Primary,  ///< the one default action, "Run both"
        Flat,     ///< icon only; tinted when hovered or checked
        Link,     ///< "Clear all": accent text, as high as its line
    };

    explicit PageButton(Look look, const QString &text = {}, const QString &iconName = {}, QWidget *parent = nullptr);

    /// A key cap after the text: "F5".
    void setKeyCap(const QString &text);
    void setIconName(const QString &name);
    /// Height of Outlined and Primary: 28, or 24 for small ones.
    void setSmall(bool isSmall);
    /// Icon only, the text as tool tip: narrow windows.
    void setFolded(bool folded);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent *event) override;
    void changeEvent(QEvent *event) override;
    void enterEvent(QEnterEvent *event) override;
    void leaveEvent(QEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override; ///< Enter as well as Space

private:
    QFont textFont() const;
    int contentWidth() const;

    Look m_look;
    QString m_iconName, m_keyCap;
    int m_height = 28;
    bool m_folded = false;
};

} // namespace rekey::ui
