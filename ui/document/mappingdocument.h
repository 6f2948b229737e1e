// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/mapping/resolution.h"

#include <QObject>
#include <QString>
#include <QUndoStack>

#include <filesystem>
#include <memory>

namespace rekey::ui {

class Jobs;

/// Owns the mapping, its undo stack and its resolution. Every modification is one undo step. The resolution follows
/// off the GUI thread; until it has, the last one is shown.
class MappingDocument : public QObject
{
    Q_OBJECT
public:
    MappingDocument(Jobs &jobs, QObject *parent);

    const Mapping &mapping() const { return m_mapping; }
    /// Of resolvedMapping() for the open pair; null while there is no pair.
    std::shared_ptr<const Resolution> resolution() const { return m_resolution; }
    /// What resolution() is of: mapping(), or the one before while the new one is being resolved. Never null. Views show
    /// this one, so that rule indices and outcomes belong together.
    std::shared_ptr<const Mapping> resolvedMapping() const { return m_resolvedMapping; }
    bool isResolved() const { return m_resolution && m_revision == m_resolvedRevision; }
    std::shared_ptr<const Schema> source() const { return m_source; }
    std::shared_ptr<const Schema> target() const { return m_target; }
    QUndoStack &undoStack() { return m_undo; }
    const std::filesystem::path &file() const { return m_file; }
    bool isModified() const { return !m_undo.isClean(); }

    /// A new pair: clears undo, resolves anew.
    void setPair(std::shared_ptr<const Schema> source, std::shared_ptr<const Schema> target);
    void load(Mapping mapping, const std::filesystem::path &file); ///< clears undo
    void clear();                                                  ///< no rules, no file, no undo
    /// One undo step; nothing happens when nothing changes. Neighbours with the same non-empty `mergeKey` merge.
    void change(Mapping next, const QString &text, const QString &mergeKey = {});
    void changeRule(std::uint32_t index, Rule rule, const QString &text);
    void insertRules(std::uint32_t before, std::vector<Rule> rules, const QString &text);
    void removeRules(std::vector<std::uint32_t> indices, const QString &text);
    void markSaved(const std::filesystem::path &file);

Q_SIGNALS:
    void mappingChanged();
    void resolutionChanged(); ///< also when there is no pair any more
    void pairChanged();

private:
    friend class ChangeMapping;
    void set(const Mapping &mapping);
    void resolveAgain();
    void shown(std::shared_ptr<const Mapping> mapping, std::shared_ptr<const Resolution> resolution, std::uint64_t revision);

    Jobs &m_jobs;
    Mapping m_mapping;
    std::shared_ptr<const Schema> m_source, m_target;
    std::shared_ptr<const Resolution> m_resolution;
    std::shared_ptr<const Mapping> m_resolvedMapping;
    std::uint64_t m_revision = 0, m_resolvedRevision = 0;
    std::filesystem::path m_file;
    QUndoStack m_undo;
};

} // namespace rekey::ui
