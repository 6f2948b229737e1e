// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <Qt>

namespace rekey::ui {

/// What a ParityTable asks of a model beside the text.
enum ParityRole : int {
    ParityChipRole = Qt::UserRole + 200, ///< name of the icon of a chip; the text is its word
    ParityStatusRole, ///< Status, as int: colour of a chip, or of the text
    ParityFixedRole, ///< bool: in the fixed font
    ParityQuietRole, ///< bool: secondary text
    ParitySortRole, ///< what the column sorts by
    ParityRowRole, ///< the row's index in the result, whatever the order
    ParityFindingRole, ///< bool: not equal; what "Only differences" shows
};

} // namespace rekey::ui
