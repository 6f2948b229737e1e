// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/mappingdocument.h"

#include "ui/jobs/job.h"

#include <QUndoCommand>

#include <algorithm>

namespace rekey::ui {

/// One modification. Swaps whole mappings: a rule list is small, and nothing can be forgotten.
class ChangeMapping : public QUndoCommand
{
public:
    ChangeMapping(MappingDocument &document, Mapping next, const QString &text, QString mergeKey)
        : QUndoCommand(text)
        , m_document(document)
        , m_before(document.mapping())
        , m_after(std::move(next))
        , m_mergeKey(std::move(mergeKey))
    {
    }

    void undo() override { m_document.set(m_before); }
    void redo() override { m_document.set(m_after); }
    int id() const override { return m_mergeKey.isEmpty() ? -1 : 1; }

    bool mergeWith(const QUndoCommand *other) override
    {
        const auto *next = static_cast<const ChangeMapping *>(other);
        if (next->m_mergeKey != m_mergeKey)
            return false;
        m_after = next->m_after;
        setObsolete(m_after == m_before);
        return true;
    }

private:
    MappingDocument &m_document;
    Mapping m_before, m_after;
    QString m_mergeKey;
};

MappingDocument::MappingDocument(Jobs &jobs, QObject *parent)
    : QObject(parent)
    , m_jobs(jobs)
    , m_resolvedMapping(std::make_shared<const Mapping>())
{
}

void MappingDocument::setPair(std::shared_ptr<const Schema> source, std::shared_ptr<const Schema> target)
{
    m_source = std::move(source);
    m_target = std::move(target);
    m_undo.clear();
    m_resolution = nullptr;
    Q_EMIT pairChanged();
    resolveAgain();
}

void MappingDocument::load(Mapping mapping, const std::filesystem::path &file)
{
    m_undo.clear();
    m_file = file;
    set(mapping);
}

void MappingDocument::clear()
{
    load({}, {});
}

void MappingDocument::change(Mapping next, const QString &text, const QString &mergeKey)
{
    if (next == m_mapping)
        return;
    m_undo.push(new ChangeMapping(*this, std::move(next), text, mergeKey));
}

void MappingDocument::changeRule(std::uint32_t index, Rule rule, const QString &text)
{
    if (index >= m_mapping.rules.size())
        return;
    Mapping next = m_mapping;
    next.rules[index] = std::move(rule);
    change(std::move(next), text);
}

void MappingDocument::insertRules(std::uint32_t before, std::vector<Rule> rules, const QString &text)
{
    Mapping next = m_mapping;
    const auto place = next.rules.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(before, next.rules.size()));
    next.rules.insert(place, std::make_move_iterator(rules.begin()), std::make_move_iterator(rules.end()));
    change(std::move(next), text);
}

void MappingDocument::removeRules(std::vector<std::uint32_t> indices, const QString &text)
{
    std::sort(indices.begin(), indices.end(), std::greater<>());
    indices.erase(std::unique(indices.begin(), indices.end()), indices.end());
    Mapping next = m_mapping;
    for (const std::uint32_t index : indices) {
        if (index < next.rules.size())
            next.rules.erase(next.rules.begin() + index);
    }
    change(std::move(next), text);
}

void MappingDocument::markSaved(const std::filesystem::path &file)
{
    m_file = file;
    m_undo.setClean();
}

void MappingDocument::set(const Mapping &mapping)
{
    m_mapping = mapping;
    ++m_revision;
    Q_EMIT mappingChanged();
    resolveAgain();
}

void MappingDocument::resolveAgain()
{
    auto mapping = std::make_shared<const Mapping>(m_mapping);
    if (!m_source || !m_target) {
        shown(std::move(mapping), nullptr, m_revision);
        return;
    }
    m_jobs.start(
        this, QStringLiteral("resolve"), tr("Resolving"),
        [mapping, source = m_source, target = m_target](const Progress &) {
            return std::make_shared<const Resolution>(resolve(*mapping, *source, *target));
        },
        [this, mapping, revision = m_revision](std::shared_ptr<const Resolution> resolution) {
            shown(mapping, std::move(resolution), revision);
        });
}

void MappingDocument::shown(std::shared_ptr<const Mapping> mapping, std::shared_ptr<const Resolution> resolution,
                            std::uint64_t revision)
{
    m_resolvedMapping = std::move(mapping);
    m_resolution = std::move(resolution);
    m_resolvedRevision = revision;
    Q_EMIT resolutionChanged();
}

} // namespace rekey::ui
