// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <Qt>
#include <QtGlobal>

namespace rekey::ui {

/// What a CellView asks of a model beside the text. Each is optional.
enum CellRole : int {
    CellIconRole = Qt::UserRole + 100, ///< name of an icon before the text
    CellStatusRole,                    ///< Status, as int: colour of the icon, and of the text where CellInkRole says so
    CellInkRole,                       ///< CellInk, as int; Text when absent
    CellFixedRole,                     ///< bool: in the fixed font (keys, names, bytes)
    CellHeadingRole,                   ///< bool: the row heads the ones below it
};
enum class CellInk : quint8 { Text, Quiet, OfStatus };

} // namespace rekey::ui
