// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/fuzz/memoryfile.h"

#include "core/base/error.h"
#include "core/base/mappedfile.h"

#include <cstring>
#include <memory>

namespace {

std::span<const std::byte> input;

} // namespace

void setInput(std::span<const std::byte> bytes)
{
    input = bytes;
}

namespace rekey {

struct MappedFile::Mapping
{
    std::unique_ptr<std::byte[]> bytes;
};

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path &path)
{
    if (path != "input")
        throw Error(displayText(path.native()), {}, "there is no such file");
    std::shared_ptr<MappedFile> file(new MappedFile);
    file->m_path = path;
    file->m_name = path.native();
    file->m_size = input.size();
    file->m_mapping = new Mapping{std::make_unique_for_overwrite<std::byte[]>(input.size())};
    std::memcpy(file->m_mapping->bytes.get(), input.data(), input.size());
    return file;
}

MappedFile::~MappedFile()
{
    delete m_mapping;
}

void MappedFile::read(std::uint64_t offset, std::span<std::byte> out) const
{
    if (offset > m_size || out.size() > m_size - offset)
        throw Error(m_name, {}, "file ends early");
    std::memcpy(out.data(), m_mapping->bytes.get() + offset, out.size());
}

std::span<const std::byte> MappedFile::bytes() const
{
    return {m_mapping->bytes.get(), m_size};
}

void MappedFile::checkIntact() const { }

bool MappedFile::isSame(const std::filesystem::path &other) const
{
    return other == m_path;
}

} // namespace rekey
