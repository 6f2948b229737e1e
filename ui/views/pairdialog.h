// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/session.h"

#include <QDialog>

class QLineEdit;
class QListView;

namespace rekey::ui {

/// The keyboard's way to pair: type a part of a target key, choose with the arrows, Enter.
class PairDialog : public QDialog
{
    Q_OBJECT
public:
    PairDialog(Session &session, const std::vector<std::uint32_t> &sources, QWidget *parent = nullptr);
    std::vector<std::uint32_t> targets() const;
    QLineEdit *edit() const { return m_edit; }

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void filter();
    Session &m_session;
    std::shared_ptr<const KeyTree> m_tree;
    std::uint64_t m_values = 0; ///< elements of all sources: targets that take as many come first
    QLineEdit *m_edit;
    QListView *m_list;
    class Rows;
    Rows *m_rows;
};

} // namespace rekey::ui
