// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

namespace rekey {

/// A folder of results that appears as a whole: files are written to a hidden folder inside it and moved when all are
/// there. Destroyed before that (an error, Ctrl+C), nothing is left, not even the folder if it was new.
class StagedFolder
{
public:
    /// Throws Error when the folder cannot be made.
    explicit StagedFolder(std::filesystem::path folder);
    ~StagedFolder();
    StagedFolder(const StagedFolder &) = delete;
    StagedFolder &operator=(const StagedFolder &) = delete;

    const std::filesystem::path &stage() const { return m_stage; }
    /// Moves everything into place, over files of the same names. Throws Error.
    void commit();

private:
    std::filesystem::path m_folder, m_stage;
    bool m_new = false;
};

} // namespace rekey
