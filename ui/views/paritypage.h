// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/session.h"
#include "ui/window/room.h"

namespace rekey::ui {

class EmptyState;

/// The Parity room. Layer-by-layer comparison is not there yet; the page says so, and where agreement can be seen now.
class ParityPage : public Room
{
    Q_OBJECT
public:
    explicit ParityPage(Session &session, QWidget *parent = nullptr);
    void activated() override;

Q_SIGNALS:
    void segmentAsked();

private:
    Session &m_session;
    EmptyState *m_empty;
};

} // namespace rekey::ui
