// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/pairingplan.h"
#include "ui/document/session.h"

#include <QBasicTimer>
#include <QLabel>

namespace rekey::ui {

class KeyTreeView;

/// Source keys onto target keys: asks core what rule that is, off the GUI thread.
class Pairing : public QObject
{
    Q_OBJECT
public:
    explicit Pairing(Session &session, QObject *parent = nullptr);

    /// previewed() says what rule it would be.
    void preview(std::vector<std::uint32_t> sources, std::vector<std::uint32_t> targets);
    /// planned() or refused() follows.
    void plan(std::vector<std::uint32_t> sources, std::vector<std::uint32_t> targets);

Q_SIGNALS:
    void previewed(const QString &text, bool fits);
    void planned(const rekey::ui::PairingPlan &plan);
    /// No transform leads from one to the other: the sentence, and patterns to go on with by hand.
    void refused(const QString &sentence, const rekey::Rule &draft);

private:
    Session &m_session;
};

/// Drags rows of the source tree onto rows of the target tree, within the window: a chip follows the pointer, the row
/// below it is framed, and a label says the rule to be. Esc cancels.
class PairingDrag : public QObject
{
    Q_OBJECT
public:
    PairingDrag(KeyTreeView &source, KeyTreeView &target, Pairing &pairing);
    bool isDragging() const { return m_dragging; }
    QString label() const;

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;
    void timerEvent(QTimerEvent *event) override;

private:
    void begin(const QPoint &globalPosition);
    void move(const QPoint &globalPosition);
    void end(bool drop);
    void place(const QPoint &globalPosition);
    void showText(const QString &rule);

    KeyTreeView &m_source;
    KeyTreeView &m_target;
    Pairing &m_pairing;
    QPointer<QLabel> m_label;
    std::vector<std::uint32_t> m_tensors;
    QString m_what;
    QPoint m_pressed, m_last;
    QPersistentModelIndex m_over;
    QBasicTimer m_hoverTimer, m_scrollTimer;
    bool m_armed = false, m_dragging = false;
};

} // namespace rekey::ui
