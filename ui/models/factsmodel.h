// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/progress.h"
#include "core/checkpoint/checkpoint.h"
#include "ui/theme/theme.h"

#include <QAbstractTableModel>
#include <QString>

#include <memory>
#include <vector>

namespace rekey::ui {

/// One thing that is known of a file: "Format", "PyTorch zip".
struct Fact
{
    QString name, value;
    bool fixed = false; ///< the name is a key or a path
    Status status = Status::None;
};

struct FactSection
{
    QString title; ///< "Shards · 4"; the first section has none
    std::vector<Fact> facts;
};
using FileFacts = std::vector<FactSection>;

/// Everything about a file that is no tensor: format and totals, warnings, shards, shared storage, metadata. For a worker
/// thread: it visits every tensor.
FileFacts fileFacts(const Checkpoint &checkpoint, const Progress &progress = {});

/// Sections and their facts, one below the other, in two columns.
class FactsModel : public QAbstractTableModel
{
    Q_OBJECT
public:
    using QAbstractTableModel::QAbstractTableModel;

    void setFacts(std::shared_ptr<const FileFacts> facts);
    /// Facts whose name or value contains the text; empty: all.
    void setFilter(const QString &text);
    std::size_t shownFacts() const { return m_rows.size() - m_headings; }

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;

private:
    struct Row { std::uint32_t section; std::uint32_t fact; };
    void list();
    std::shared_ptr<const FileFacts> m_facts;
    std::vector<Row> m_rows; ///< fact == heading: the section's title
    std::size_t m_headings = 0;
    QString m_filter;
};

} // namespace rekey::ui
