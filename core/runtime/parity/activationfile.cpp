// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/parity/activationfile.h"

#include "core/base/error.h"
#include "core/runtime/parity/layerweights.h"

#include <algorithm>
#include <charconv>

namespace rekey {

namespace {

/// "F32 [480, 160] sha256:0f…" to a tensor and a digest.
bool parseWeight(std::string_view text, SchemaTensor &tensor, std::string &digest)
{
    const std::size_t open = text.find(" ["), close = text.find(']');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open)
        return false;
    const std::optional<DType> dtype = dtypeFromName(text.substr(0, open));
    if (!dtype)
        return false;
    tensor.dtype = *dtype;
    for (const char *at = text.data() + open + 2, *end = text.data() + close; at < end;) {
        std::int64_t size = 0;
        const auto [next, error] = std::from_chars(at, end, size);
        if (error != std::errc() || size < 0)
            return false;
        tensor.shape.push_back(size);
        at = next;
        while (at < end && (*at == ',' || *at == ' '))
            ++at;
    }
    constexpr std::string_view mark = " sha256:";
    const std::size_t sha = text.find(mark, close);
    if (sha != std::string_view::npos)
        digest = text.substr(sha + mark.size());
    return true;
}

} // namespace

ActivationFile::ActivationFile(CheckpointPtr file, const std::string &prefix)
    : m_file(std::move(file))
{
    if (!m_file->hasValues())
        throw Error(m_file->path().string(), {}, "is a schema: it has no activations");
    for (std::size_t i = 0; i < m_file->tensors().size(); ++i) {
        const TensorEntry &tensor = m_file->tensors()[i];
        if (!tensor.key.starts_with(prefix) || tensor.key.size() == prefix.size() || !isDecodable(tensor.dtype))
            continue;
        m_index.emplace(tensor.key.substr(prefix.size()), m_entries.size());
        m_entries.push_back({tensor.key.substr(prefix.size()), i, tensor.shape});
    }
    if (m_entries.empty())
        throw Error(m_file->path().string(), {},
                    prefix.empty() ? "holds no tensors" : "has no tensor whose name begins with '" + displayText(prefix) + "'");
    readWeights();
}

void ActivationFile::readWeights()
{
    constexpr std::string_view mark = "weight:";
    for (const MetadataEntry &entry : m_file->metadata()) {
        const std::string *key = entry.path.size() == 2 && entry.path[0] == PathStep {"__metadata__"}
                                     ? std::get_if<std::string>(&entry.path[1].value)
                                     : nullptr;
        if (key == nullptr || !key->starts_with(mark))
            continue;
        SchemaTensor tensor;
        std::string digest;
        tensor.key = key->substr(mark.size());
        tensor.tiedTo = static_cast<std::uint32_t>(m_weights.tensors.size());
        if (!parseWeight(entry.value, tensor, digest))
            continue;
        if (!digest.empty())
            m_digests[tensor.key] = digest;
        m_weights.tensors.push_back(std::move(tensor));
    }
    m_weights.name = m_file->name();
}

const ActivationFile::Entry *ActivationFile::find(std::string_view name) const
{
    const auto found = m_index.find(name);
    return found == m_index.end() ? nullptr : &m_entries[found->second];
}

double ActivationFile::rounding() const
{
    double coarsest = 0;
    for (const Entry &entry : m_entries) {
        const DType dtype = m_file->tensors()[entry.tensor].dtype;
        coarsest = std::max(coarsest, roundingTolerance(dtype, dtype, 1));
    }
    return coarsest;
}

std::vector<float> ActivationFile::values(const Entry &entry) const
{
    std::vector<float> values;
    values.reserve(elementCount(entry.shape));
    forEachBlock(*m_file, entry.tensor, 1 << 16,
                 [&](std::uint64_t, std::span<const float> block) { values.insert(values.end(), block.begin(), block.end()); });
    return values;
}

} // namespace rekey
