// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/maskexport.h"
#include "core/runtime/runtime.h"

#include <QString>

#include <filesystem>
#include <vector>

class QWidget;

namespace rekey::ui {

class Settings;

/// The forms that masks are saved in.
enum class MaskFile : quint8 { Png, CocoRle, CocoCounts, CocoPolygon, Svg };

struct MaskDestination
{
    QString file; ///< empty: cancelled
    MaskFile form = MaskFile::Png;
};

/// Asks where to save and in which form; `several`: forms that hold more than one mask only.
MaskDestination askMaskDestination(QWidget *window, Settings &settings, const QString &stem, bool several);
/// Carries it out on a working thread; throws Error. PNG and SVG take the first mask.
void saveMasks(const MaskDestination &destination, const CocoImage &image, const std::vector<ExportedMask> &masks);

/// What a candidate, or one of everything's masks, is exported as.
ExportedMask exported(const MaskCandidate &mask, const SegmentResult &result, const Prompts &prompts);
std::vector<ExportedMask> exported(const EverythingResult &result);

} // namespace rekey::ui
