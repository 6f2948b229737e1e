// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/keyfilter.h"

#include "ui/models/keystatus.h"
#include "ui/theme/displaytext.h"

#include <QCoreApplication>

#include <map>
#include <numeric>

namespace rekey::ui {

namespace {

QString translated(const char *text)
{
    return QCoreApplication::translate("KeyFilter", text);
}

/// Words between spaces; a /…/ may hold spaces.
QStringList words(const QString &text)
{
    QStringList found;
    QString word;
    bool expression = false;
    for (const QChar c : text) {
        if (c == QLatin1Char('/') && (word.isEmpty() || expression)) {
            expression = !expression;
            word += c;
        } else if (c.isSpace() && !expression) {
            if (!word.isEmpty())
                found.append(word);
            word.clear();
        } else {
            word += c;
        }
    }
    if (!word.isEmpty())
        found.append(word);
    return found;
}

/// Damerau-Levenshtein (optimal string alignment) distance: typing slips swap neighbours.
int editDistance(const QString &a, const QString &b)
{
    const qsizetype n = b.size();
    std::vector<int> before(static_cast<std::size_t>(n) + 1), last(before.size()), now(before.size());
    std::iota(last.begin(), last.end(), 0);
    for (qsizetype i = 1; i <= a.size(); ++i) {
        now[0] = static_cast<int>(i);
        for (qsizetype j = 1; j <= n; ++j) {
            const auto at = static_cast<std::size_t>(j);
            const int cost = a[i - 1] == b[j - 1] ? 0 : 1;
            now[at] = std::min({last[at] + 1, now[at - 1] + 1, last[at - 1] + cost});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[at] = std::min(now[at], before[at - 2] + 1);
        }
        std::swap(before, last);
        std::swap(last, now);
    }
    return last.back();
}

} // namespace

KeyFilter::KeyFilter(const QString &text)
    : m_text(text.trimmed())
{
    for (const QString &word : words(m_text))
        m_terms.push_back(parse(word));
}

KeyFilter::Term KeyFilter::parse(const QString &word)
{
    const auto rest = [&word](const char *prefix) { return word.mid(static_cast<qsizetype>(qstrlen(prefix))); };
    if (word.size() > 2 && word.startsWith(QLatin1Char('/')) && word.endsWith(QLatin1Char('/'))) {
        Term term{Term::Kind::Expression, word, QRegularExpression(word.mid(1, word.size() - 2)), {}};
        if (!term.expression.isValid())
            m_error = translated("%1: %2").arg(word, term.expression.errorString());
        return term;
    }
    if (word.startsWith(QLatin1String("dtype:"), Qt::CaseInsensitive))
        return {Term::Kind::DType, rest("dtype:"), {}, {}};
    if (word.startsWith(QLatin1String("status:"), Qt::CaseInsensitive))
        return {Term::Kind::Status, rest("status:"), {}, {}};
    if (word.startsWith(QLatin1String("shape:"), Qt::CaseInsensitive)) {
        Term term{Term::Kind::Shape, rest("shape:"), {}, {}};
        static const QRegularExpression cross(QStringLiteral("[x×,]"));
        for (const QString &size : term.text.split(cross)) {
            bool number = false;
            const std::int64_t value = size.toLongLong(&number);
            if (!number && size != QLatin1String("*"))
                m_error = translated("shape: numbers joined by x, * for any");
            term.shape.push_back(number ? value : -1);
        }
        return term;
    }
    return {Term::Kind::Text, word, {}, {}};
}

bool KeyFilter::matchesStatus(Status status) const
{
    if (m_openOnly && !isOpenQuestion(status))
        return false;
    if (!m_onlyStatus || status == *m_onlyStatus)
        return true;
    return *m_onlyStatus == Status::Filled && (status == Status::Proven || status == Status::Suggested || status == Status::Accepted);
}

bool KeyFilter::matches(const SchemaTensor &tensor, Status status) const
{
    if (!matchesStatus(status))
        return false;
    if (m_terms.empty())
        return true;
    const QString key = QString::fromStdString(tensor.key);
    return std::all_of(m_terms.begin(), m_terms.end(), [&](const Term &term) {
        switch (term.kind) {
        case Term::Kind::Text:
            return key.contains(term.text, Qt::CaseInsensitive);
        case Term::Kind::Expression:
            return !term.expression.isValid() || term.expression.match(key).hasMatch();
        case Term::Kind::DType: {
            const std::string_view dtype = name(tensor.dtype);
            return QString::fromLatin1(dtype.data(), static_cast<qsizetype>(dtype.size())).startsWith(term.text, Qt::CaseInsensitive);
        }
        case Term::Kind::Status:
            return QString(statusWord(status))
                .remove(QLatin1Char(' '))
                .startsWith(QString(term.text).remove(QLatin1Char('-')), Qt::CaseInsensitive);
        case Term::Kind::Shape:
            return tensor.shape.size() == term.shape.size()
                && std::equal(tensor.shape.begin(), tensor.shape.end(), term.shape.begin(),
                              [](std::int64_t size, std::int64_t wanted) { return wanted < 0 || size == wanted; });
        }
        return true;
    });
}

bool KeyFilter::matchesText(const QString &text) const
{
    return std::all_of(m_terms.begin(), m_terms.end(), [&text](const Term &term) {
        if (term.kind == Term::Kind::Text)
            return text.contains(term.text, Qt::CaseInsensitive);
        if (term.kind == Term::Kind::Expression)
            return !term.expression.isValid() || term.expression.match(text).hasMatch();
        return true;
    });
}

std::optional<ClosestTerm> closestTerm(const QString &text, const Schema &schema)
{
    if (text.isEmpty() || text.size() > 40)
        return std::nullopt;
    static const QRegularExpression separators(QStringLiteral("[._/]"));
    std::map<QString, int> terms;
    for (const SchemaTensor &tensor : schema.tensors) {
        const QString key = QString::fromStdString(tensor.key);
        QStringList pieces = key.split(QLatin1Char('.'));
        pieces += key.split(separators);
        pieces.removeDuplicates();
        for (const QString &piece : pieces) {
            if (piece.size() > 1 && !piece[0].isDigit())
                ++terms[piece];
        }
    }
    const QString wanted = text.toLower();
    std::optional<ClosestTerm> best;
    int least = std::max(2, static_cast<int>(text.size()) / 2) + 1;
    for (const auto &[term, keys] : terms) {
        const int distance = editDistance(wanted, term.toLower());
        if (distance < least || (best && distance == least && keys > best->keys)) {
            least = distance;
            best = ClosestTerm{term, keys};
        }
    }
    return best;
}

} // namespace rekey::ui
