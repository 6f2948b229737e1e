// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/stagedfolder.h"

#include "core/base/error.h"

#include <fmt/format.h>

#include <vector>

#include <unistd.h>

namespace rekey {

namespace fs = std::filesystem;

StagedFolder::StagedFolder(fs::path folder)
    : m_folder(std::move(folder))
{
    std::error_code error;
    m_new = fs::create_directories(m_folder, error);
    if (!fs::is_directory(m_folder))
        throw Error(m_folder.string(), {}, error ? "cannot be made: " + error.message() : "is a file; name a folder to write to");
    m_stage = m_folder / fmt::format(".rekey-{}.part", getpid());
    if (!fs::create_directory(m_stage, error))
        throw Error(m_folder.string(), {}, "cannot be written to: " + error.message());
}

StagedFolder::~StagedFolder()
{
    std::error_code ignored;
    fs::remove_all(m_stage, ignored);
    if (m_new)
        fs::remove(m_folder, ignored); // only if empty
}

void StagedFolder::commit()
{
    std::vector<fs::path> files;
    for (const fs::directory_entry &entry : fs::recursive_directory_iterator(m_stage)) {
        if (entry.is_regular_file())
            files.push_back(fs::relative(entry.path(), m_stage));
    }
    for (const fs::path &file : files) {
        std::error_code error;
        fs::create_directories((m_folder / file).parent_path(), error);
        fs::rename(m_stage / file, m_folder / file, error);
        if (error)
            throw Error((m_folder / file).string(), {}, "cannot be written: " + error.message());
    }
}

} // namespace rekey
