// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/session.h"

#include <QWidget>

namespace rekey::ui {

/// "Drop the source here": a button as well, so that Enter opens the file dialog.
class DropFrame : public QWidget
{
    Q_OBJECT
public:
    DropFrame(Side side, QWidget *parent = nullptr);
    void setName(const QString &name); ///< of what is already open on this side

Q_SIGNALS:
    void openAsked();
    void architectureAsked();
    void dropped(const QString &path);

protected:
    void paintEvent(QPaintEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void dragEnterEvent(QDragEnterEvent *event) override;
    void dragLeaveEvent(QDragLeaveEvent *event) override;
    void dropEvent(QDropEvent *event) override;

private:
    Side m_side;
    QString m_title, m_text;
    bool m_over = false;
};

} // namespace rekey::ui
