// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLabel;

namespace rekey::ui {

/// The line over a section of a page: a title, quiet text after it, quiet text at the right edge.
class SectionHead : public QWidget
{
    Q_OBJECT
public:
    explicit SectionHead(const QString &title, QWidget *parent = nullptr);

    void setDetail(const QString &text); ///< rich text: sides in their colours
    void setTrailing(const QString &text);

private:
    QLabel *m_detail, *m_trailing;
};

} // namespace rekey::ui
