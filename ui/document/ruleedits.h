// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/pairingplan.h"
#include "ui/document/session.h"

#include <QObject>

#include <functional>

namespace rekey::ui {

/// What a person does to the rules: each call is one undo step. Whatever has to look at the keys does so in the background.
class RuleEdits : public QObject
{
    Q_OBJECT
public:
    explicit RuleEdits(Session &session, QObject *parent = nullptr);

    /// Rules to review take the candidate that `chosen` names.
    void accept(const std::vector<std::uint32_t> &rules, const std::function<std::size_t(std::uint32_t)> &chosen);
    /// All suggested rules; to review ones stay open.
    void acceptAllSuggested();
    void acceptCandidate(std::uint32_t rule, std::size_t candidate);
    void reject(const std::vector<std::uint32_t> &rules);
    void replace(std::uint32_t rule, Rule next);
    /// Before what it overlaps, which keeps the rest.
    void add(Rule rule);
    /// A plan for exactly the mapping as it is now.
    void applyPlan(const PairingPlan::Variant &plan, const QString &what);

    /// Drop rules for source keys: one for each row that is wholly among them, else key by key.
    void drop(std::vector<std::uint32_t> sources, const QString &reason);
    /// Init rules for target keys, in the place of whatever filled them.
    void initialise(std::vector<std::uint32_t> targets, InitPolicy policy);

Q_SIGNALS:
    /// This rule is the one to look at once the mapping is resolved.
    void changed(std::uint32_t rule);

private:
    Session &m_session;
};

} // namespace rekey::ui
