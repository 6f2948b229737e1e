// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/checkpoint.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace rekey {

/// Recorded inputs, intermediate results and outputs of a model: any checkpoint file, one tensor a layer. A file of the capture script also
/// says which weights the model had: metadata "weight:KEY" with "F32 [480, 160] sha256:…", the digest as sha256() gives it.
class ActivationFile
{
public:
    /// Only tensors whose names begin with the prefix, without it. Throws Error when there are none, or for a schema.
    explicit ActivationFile(CheckpointPtr file, const std::string &prefix = {});

    struct Entry
    {
        std::string name;
        std::size_t tensor = 0;
        Shape shape;
    };
    const std::vector<Entry> &entries() const
    {
        return m_entries;
    } ///< in the file's order: that of computing, as the capture script writes it
    const Entry *find(std::string_view name) const;
    std::vector<float> values(const Entry &entry) const;

    /// Of the capture script: keys, shapes and dtypes of the model's weights, and the digest of each; empty elsewhere.
    const Schema &weights() const { return m_weights; }
    const std::map<std::string, std::string> &digests() const { return m_digests; }
    /// What a value may be off by, as a part of the largest one, because of the coarsest floating-point type in the file.
    double rounding() const;

private:
    void readWeights();

    CheckpointPtr m_file;
    std::vector<Entry> m_entries;
    std::map<std::string, std::size_t, std::less<>> m_index;
    Schema m_weights;
    std::map<std::string, std::string> m_digests;
};

} // namespace rekey
