// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/window/settings.h"

#include <QAbstractButton>

namespace rekey::ui {

/// A pair that was open once, 48 high: names, folder, how far it was filled, when.
class RecentRow : public QAbstractButton
{
    Q_OBJECT
public:
    RecentRow(RecentPair pair, bool first, QWidget *parent = nullptr);
    void setFound(bool found); ///< whether its files are still there

protected:
    void paintEvent(QPaintEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override; ///< Enter as well as Space

private:
    RecentPair m_pair;
    bool m_first, m_found = true;
};

} // namespace rekey::ui
