// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/factsmodel.h"

#include "ui/models/cellroles.h"
#include "ui/theme/displaytext.h"

#include <QCoreApplication>

#include <map>
#include <system_error>
#include <utility>

namespace rekey::ui {

namespace {

constexpr std::uint32_t heading = 0xFFFFFFFF;
constexpr std::size_t mostNamedAliases = 4;

QString translated(const char *text)
{
    return QCoreApplication::translate("FileFacts", text);
}

QString latin(std::string_view text)
{
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

QString titled(const char *title, std::size_t count)
{
    return translated(title) + QStringLiteral(" · ") + countText(count);
}

FactSection totals(const Checkpoint &checkpoint)
{
    FactSection section;
    std::uint64_t values = 0, bytes = 0;
    for (const TensorEntry &tensor : checkpoint.tensors()) {
        values += tensor.elements();
        bytes += tensor.bytes();
    }
    section.facts.push_back({translated("Format"), latin(checkpoint.formatText())});
    if (!checkpoint.path().empty())
        section.facts.push_back({translated("Path"), keyText(checkpoint.path().string())});
    section.facts.push_back(
        {translated("Root"), checkpoint.root().text.empty() ? translated("whole file") : keyText(checkpoint.root().text)});
    section.facts.push_back(
        {translated("Tensors"),
         translated("%1, %2 values, %3").arg(countText(checkpoint.tensors().size()), countText(values), bytesText(bytes))});
    return section;
}

FactSection shards(const Checkpoint &checkpoint)
{
    FactSection section{titled("Files", checkpoint.files().size()), {}};
    for (const std::filesystem::path &file : checkpoint.files()) {
        std::error_code error;
        const std::uintmax_t size = std::filesystem::file_size(file, error);
        Fact fact{keyText(file.filename().string()), error ? translated("gone since it was opened") : bytesText(size), true};
        if (error)
            fact.status = Status::Missing;
        section.facts.push_back(std::move(fact));
    }
    return section;
}

/// Tensors of the same bytes (tied weights), and tensors that only share a storage.
FactSection sharing(const Checkpoint &checkpoint, const Progress &progress)
{
    std::map<std::uint32_t, std::vector<std::uint32_t>> tied;
    const Schema &schema = checkpoint.schema();
    for (std::uint32_t i = 0; i < schema.tensors.size(); ++i) {
        if (schema.tensors[i].tiedTo != i)
            tied[schema.tensors[i].tiedTo].push_back(i);
    }
    progress.check();
    FactSection section{titled("Shared bytes", tied.size()), {}};
    for (const auto &[first, others] : tied) {
        QStringList names;
        for (std::size_t i = 0; i < std::min(others.size(), mostNamedAliases); ++i)
            names.append(keyText(schema.tensors[others[i]].key));
        if (others.size() > mostNamedAliases)
            names.append(translated("%1 more").arg(others.size() - mostNamedAliases));
        section.facts.push_back(
            {keyText(schema.tensors[first].key), translated("also %1").arg(names.join(QStringLiteral(", "))), true});
    }
    return section;
}

FactSection metadata(const Checkpoint &checkpoint)
{
    FactSection section{titled("Metadata", checkpoint.metadata().size()), {}};
    for (const MetadataEntry &entry : checkpoint.metadata()) {
        QString value = keyText(entry.value);
        if (!entry.className.empty())
            value = keyText(entry.className) + (value.isEmpty() ? QString() : QLatin1Char(' ') + value);
        else if (value.isEmpty())
            value = keyText(entry.type);
        section.facts.push_back({keyText(pathText(entry.path)), value, true});
    }
    return section;
}

} // namespace

FileFacts fileFacts(const Checkpoint &checkpoint, const Progress &progress)
{
    FileFacts facts{totals(checkpoint)};
    if (!checkpoint.warnings().empty()) {
        FactSection section{titled("Worth knowing", checkpoint.warnings().size()), {}};
        for (const std::string &warning : checkpoint.warnings())
            section.facts.push_back({translated("Note"), keyText(warning), false, Status::ToReview});
        facts.push_back(std::move(section));
    }
    if (checkpoint.files().size() > 1)
        facts.push_back(shards(checkpoint));
    progress.check();
    if (FactSection shared = sharing(checkpoint, progress); !shared.facts.empty())
        facts.push_back(std::move(shared));
    if (!checkpoint.metadata().empty())
        facts.push_back(metadata(checkpoint));
    else
        facts.front().facts.push_back({translated("Metadata"), translated("none")});
    return facts;
}

void FactsModel::setFacts(std::shared_ptr<const FileFacts> facts)
{
    beginResetModel();
    m_facts = std::move(facts);
    list();
    endResetModel();
}

void FactsModel::setFilter(const QString &text)
{
    if (m_filter == text)
        return;
    beginResetModel();
    m_filter = text;
    list();
    endResetModel();
}

void FactsModel::list()
{
    m_rows.clear();
    m_headings = 0;
    for (std::uint32_t section = 0; m_facts && section < m_facts->size(); ++section) {
        const FactSection &shown = (*m_facts)[section];
        bool headed = shown.title.isEmpty();
        for (std::uint32_t fact = 0; fact < shown.facts.size(); ++fact) {
            if (!m_filter.isEmpty() && !shown.facts[fact].name.contains(m_filter, Qt::CaseInsensitive)
                && !shown.facts[fact].value.contains(m_filter, Qt::CaseInsensitive))
                continue;
            if (!std::exchange(headed, true)) {
                m_rows.push_back({section, heading});
                ++m_headings;
            }
            m_rows.push_back({section, fact});
        }
    }
}

int FactsModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int FactsModel::columnCount(const QModelIndex &) const
{
    return 2;
}

QVariant FactsModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid())
        return {};
    const Row &row = m_rows[static_cast<std::size_t>(index.row())];
    const FactSection &section = (*m_facts)[row.section];
    if (row.fact == heading) {
        if (role == CellHeadingRole)
            return true;
        return role == Qt::DisplayRole && index.column() == 0 ? QVariant(section.title) : QVariant();
    }
    const Fact &fact = section.facts[row.fact];
    switch (role) {
    case Qt::DisplayRole:
        return index.column() == 0 ? fact.name : fact.value;
    case Qt::ToolTipRole:
        return QStringLiteral("<p style='white-space:pre-wrap'>%1</p>").arg((fact.name + QLatin1Char('\n') + fact.value).toHtmlEscaped());
    case CellFixedRole:
        return index.column() == 0 && fact.fixed;
    case CellInkRole:
        return static_cast<int>(fact.status != Status::None ? CellInk::OfStatus : index.column() == 0 ? CellInk::Quiet : CellInk::Text);
    case CellIconRole:
        return index.column() == 0 && fact.status != Status::None ? QVariant(QStringLiteral("warning")) : QVariant();
    case CellStatusRole:
        return fact.status == Status::None ? QVariant() : QVariant(static_cast<int>(fact.status));
    default:
        return {};
    }
}

} // namespace rekey::ui
