// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/globalsmodel.h"

#include "ui/models/cellroles.h"
#include "ui/theme/displaytext.h"
#include "ui/theme/theme.h"

#include <algorithm>
#include <numeric>

namespace rekey::ui {

namespace {

QString nameText(const GlobalUse &use)
{
    return keyText(use.module + "." + use.name);
}

QString placeText(const GlobalUse &use)
{
    return GlobalsModel::tr("byte %1 of %2").arg(countText(use.offset), keyText(use.part));
}

QString useText(const GlobalUse &use)
{
    const QString verb = use.called ? GlobalsModel::tr("called") : GlobalsModel::tr("named");
    if (use.count == 1)
        return GlobalsModel::tr("%1 once").arg(verb);
    return GlobalsModel::tr("%1, %2 times").arg(verb, countText(use.count));
}

Status statusOf(Grade grade)
{
    return grade == Grade::Known ? Status::Proven : grade == Grade::Unknown ? Status::ToReview : Status::Missing;
}

QString gradeText(Grade grade)
{
    return grade == Grade::Known     ? GlobalsModel::tr("harmless")
           : grade == Grade::Unknown ? GlobalsModel::tr("unknown")
                                     : GlobalsModel::tr("dangerous");
}

} // namespace

void GlobalsModel::setCheckpoint(CheckpointPtr checkpoint)
{
    beginResetModel();
    m_checkpoint = std::move(checkpoint);
    m_order.resize(m_checkpoint ? m_checkpoint->globals().size() : 0);
    std::iota(m_order.begin(), m_order.end(), 0U);
    if (m_checkpoint) {
        const auto &globals = m_checkpoint->globals();
        std::stable_sort(m_order.begin(), m_order.end(),
                         [&globals](std::uint32_t a, std::uint32_t b) { return globals[a].grade > globals[b].grade; });
    }
    endResetModel();
}

int GlobalsModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_order.size());
}

int GlobalsModel::columnCount(const QModelIndex &) const
{
    return ColumnCount;
}

QVariant GlobalsModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid())
        return {};
    const GlobalUse &shown = use(index.row());
    const auto column = static_cast<Column>(index.column());
    switch (role) {
    case Qt::DisplayRole:
        return column == Name      ? nameText(shown)
               : column == Grading ? gradeText(shown.grade)
               : column == Use     ? useText(shown)
                                   : placeText(shown);
    case Qt::ToolTipRole:
        return QStringLiteral("%1: %2, %3, %4").arg(nameText(shown), gradeText(shown.grade), useText(shown), placeText(shown));
    case CellIconRole:
        if (column == Name)
            return shown.grade == Grade::Known     ? QStringLiteral("check")
                   : shown.grade == Grade::Unknown ? QStringLiteral("warning")
                                                   : QStringLiteral("error");
        return {};
    case CellStatusRole:
        return static_cast<int>(statusOf(shown.grade));
    case CellInkRole:
        return static_cast<int>(column == Name ? CellInk::Text : column == Grading ? CellInk::OfStatus : CellInk::Quiet);
    case CellFixedRole:
        return column == Name;
    default:
        return {};
    }
}

SafetyVerdict safetyVerdict(const Checkpoint &checkpoint)
{
    SafetyVerdict verdict;
    const GlobalUse *worst = nullptr;
    for (const GlobalUse &use : checkpoint.globals()) {
        ++(use.grade == Grade::Known ? verdict.known : use.grade == Grade::Unknown ? verdict.unknown : verdict.dangerous);
        if (use.grade != Grade::Known && (worst == nullptr || use.grade > worst->grade))
            worst = &use;
    }
    if (worst != nullptr) {
        verdict.worstName = nameText(*worst);
        verdict.worstPlace = placeText(*worst);
    }
    const std::size_t all = verdict.known + verdict.unknown + verdict.dangerous;
    if (!checkpoint.hasValues() && all == 0)
        verdict.sentence = GlobalsModel::tr("A schema holds names, shapes and types only. There is nothing in it to run.");
    else if (all == 0)
        verdict.sentence = GlobalsModel::tr("This format holds names, shapes and bytes. There is nothing in it to run.");
    else if (worst == nullptr)
        verdict.sentence = GlobalsModel::tr(
            "Opening it was safe: the pickle was read as data. The names that it would import are all known to be harmless.");
    else if (verdict.dangerous == 0)
        verdict.sentence
            = GlobalsModel::tr("Opening it was safe: the pickle was read as data, nothing was imported or called. "
                               "Loading it in Python would import the unknown names; their objects are shown as they are in Metadata.");
    else
        verdict.sentence = GlobalsModel::tr("Opening it was safe: the pickle was read as data, nothing was imported or called. "
                                            "Loading it in Python without weights_only would run what is marked dangerous.");
    return verdict;
}

} // namespace rekey::ui
