// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/session.h"

namespace rekey::ui {

/// While only a source is open: which network core recognises in it, and its keys in that network's other naming, ready
/// to be the target.
class UsualTarget : public QObject
{
    Q_OBJECT
public:
    explicit UsualTarget(Session &session, QObject *parent = nullptr);

    const QString &text() const { return m_text; } ///< one or two sentences; empty when nothing is recognised
    QString name() const;                          ///< "HF SAM layout"; empty when there is none
    /// Opens it; false when there is none.
    bool open();

Q_SIGNALS:
    void changed();

private:
    void recogniseSource();
    Session &m_session;
    QString m_text;
    std::shared_ptr<const Schema> m_schema;
};

} // namespace rekey::ui
