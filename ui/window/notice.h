// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/window/banner.h"

class QTimer;

namespace rekey::ui {

/// A message that lies over the top of a page, so that nothing moves: what was done goes away by itself, what went wrong
/// stays until it is closed.
class Notice : public Banner
{
    Q_OBJECT
public:
    explicit Notice(QWidget *over);

    void say(const QString &text, bool problem = false);
    /// "Saved flower-mask.png" with a way to its folder.
    void saved(const QString &file);

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;
    void showEvent(QShowEvent *event) override;

private:
    void place();
    QTimer *m_leave;
    QString m_folder;
};

} // namespace rekey::ui
