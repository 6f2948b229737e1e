// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/schema.h"
#include "ui/theme/theme.h"

#include <QRegularExpression>
#include <QString>

#include <optional>
#include <vector>

namespace rekey::ui {

/// What the filter field says: terms that must all hold.
///
///     qkv weight        both are part of the key, in any case
///     /blocks\.[01]\./  a regular expression on the key
///     dtype:F16         shape:480x160, shape:*x160   status:missing
class KeyFilter
{
public:
    KeyFilter() = default;
    explicit KeyFilter(const QString &text);

    const QString &text() const { return m_text; }
    bool isEmpty() const { return m_terms.empty() && !m_openOnly && !m_onlyStatus; }
    /// A term that cannot be read: "shape: numbers joined by x, or *"; empty when all is well.
    const QString &error() const { return m_error; }

    void setOpenOnly(bool open) { m_openOnly = open; }
    void setOnlyStatus(std::optional<Status> status) { m_onlyStatus = status; }
    bool openOnly() const { return m_openOnly; }
    std::optional<Status> onlyStatus() const { return m_onlyStatus; }
    /// Open only and the one status; Filled stands for proven, suggested and accepted.
    bool matchesStatus(Status status) const;

    bool matches(const SchemaTensor &tensor, Status status) const;
    /// Terms on the text alone, for rules.
    bool matchesText(const QString &text) const;

    bool operator==(const KeyFilter &other) const
    {
        return m_text == other.m_text && m_openOnly == other.m_openOnly && m_onlyStatus == other.m_onlyStatus;
    }

private:
    struct Term
    {
        enum class Kind : quint8 { Text, Expression, DType, Shape, Status } kind;
        QString text;
        QRegularExpression expression;
        std::vector<std::int64_t> shape; ///< -1: any
    };
    Term parse(const QString &word);

    QString m_text, m_error;
    std::vector<Term> m_terms;
    bool m_openOnly = false;
    std::optional<Status> m_onlyStatus;
};

/// The piece of a key (between dots, digits left out) that is closest to `text` by edit distance, and how many keys
/// have it. Nothing when none is near.
struct ClosestTerm
{
    QString term;
    int keys = 0;
};
std::optional<ClosestTerm> closestTerm(const QString &text, const Schema &schema);

} // namespace rekey::ui
