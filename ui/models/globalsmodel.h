// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/checkpoint.h"

#include <QAbstractTableModel>

namespace rekey::ui {

/// The names that a pickle would import or call, worst first: grade, name, how it is used, where it stands.
class GlobalsModel : public QAbstractTableModel
{
    Q_OBJECT
public:
    enum Column { Name, Grading, Use, Place, ColumnCount };

    using QAbstractTableModel::QAbstractTableModel;

    void setCheckpoint(CheckpointPtr checkpoint);
    const GlobalUse &use(int row) const { return m_checkpoint->globals()[m_order[static_cast<std::size_t>(row)]]; }

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;

private:
    CheckpointPtr m_checkpoint;
    std::vector<std::uint32_t> m_order;
};

/// What a file's names come to, for a chip and a sentence. `known` etc. count distinct names.
struct SafetyVerdict
{
    std::size_t known = 0, unknown = 0, dangerous = 0;
    QString sentence;  ///< what loading it elsewhere would do, and that opening it here did not
    QString worstName; ///< "builtins.exec"; empty when all are known
    QString worstPlace; ///< "byte 1,204 of data.pkl"
};
SafetyVerdict safetyVerdict(const Checkpoint &checkpoint);

} // namespace rekey::ui
