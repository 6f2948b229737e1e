// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/schema.h"

#include <QString>

namespace rekey {
enum class Precision : std::uint8_t;
}

namespace rekey::ui {

// Numbers and names as ui.md section 8 words them.
QString countText(quint64 count);            ///< "2,268,008" in the locale
QString shortCountText(quint64 count);       ///< "2.07 M", "41.0 k", "160"
QString bytesText(quint64 bytes);            ///< "8.7 MiB"
QString durationText(double milliseconds);   ///< "41 ms", "1.2 s", "2 min"
QString numberText(double value);            ///< four decimals, real minus sign
QString errorText(double value);             ///< "1.8 × 10⁻⁴"
QString powerText(int decade);               ///< "10⁻⁴"
QString errorCellText(double value);         ///< "1.8e−4"
QString confidenceText(double value);        ///< "0.98"
QString precisionText(Precision precision);  ///< "F32", "BF16", "F16"
QString shapeText(const Shape &shape);       ///< "480×160"
/// A sentence of core's with its numbers as the window writes them: 1e-05 becomes 1e−5.
QString sentenceText(const std::string &sentence);
QString keyText(const std::string &key);     ///< escaped, uncut

} // namespace rekey::ui
