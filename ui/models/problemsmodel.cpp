// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/problemsmodel.h"

#include "ui/theme/displaytext.h"

#include <numeric>

namespace rekey::ui {

void ProblemsModel::setResolution(std::shared_ptr<const Resolution> resolution, std::shared_ptr<const Schema> source,
                                  std::shared_ptr<const Schema> target)
{
    beginResetModel();
    m_resolution = std::move(resolution);
    m_source = std::move(source);
    m_target = std::move(target);
    m_order.resize(m_resolution ? m_resolution->problems.size() : 0);
    std::iota(m_order.begin(), m_order.end(), 0U);
    std::stable_sort(m_order.begin(), m_order.end(), [this](std::uint32_t a, std::uint32_t b) {
        return m_resolution->problems[a].severity > m_resolution->problems[b].severity;
    });
    endResetModel();
}

const Problem &ProblemsModel::problem(const QModelIndex &index) const
{
    return m_resolution->problems[m_order[static_cast<std::size_t>(index.row())]];
}

int ProblemsModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_order.size());
}

QVariant ProblemsModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid())
        return {};
    const Problem &shown = problem(index);
    switch (role) {
    case Qt::DisplayRole:
    case Qt::ToolTipRole:
        return keyText(shown.text);
    case SeverityRole:
        return static_cast<int>(shown.severity);
    case PlaceRole:
        if (shown.target != none && m_target)
            return keyText(m_target->tensors[shown.target].key);
        if (shown.source != none && m_source)
            return keyText(m_source->tensors[shown.source].key);
        return shown.rule == none ? QString() : tr("Rule %1").arg(shown.rule + 1);
    default:
        return {};
    }
}

} // namespace rekey::ui
