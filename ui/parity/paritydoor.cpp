// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/parity/paritydoor.h"

namespace rekey::ui {

ParityDoor coreParityDoor()
{
    return {
        [](const WeightParityRequest &request, const Progress &progress) { return weightParity(request, progress); },
        [](const ModelParityRequest &request, const Progress &progress) { return compareModels(request, progress); },
        [](const RecordedParityRequest &request, const Progress &progress) { return compareWithRecorded(request, progress); },
        [](const FileParityRequest &request, const Progress &progress) { return compareFiles(request, progress); },
        [](const std::filesystem::path &path) { return loadImage(path); },
        [](const std::filesystem::path &path, const Progress &progress) { return openCheckpoint(path, {}, progress); },
    };
}

} // namespace rekey::ui
