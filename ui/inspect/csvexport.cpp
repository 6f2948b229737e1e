// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspect/csvexport.h"

#include "core/base/error.h"
#include "core/inspect/statistics.h"

#include <QSaveFile>
#include <QString>

#include <fmt/format.h>

namespace rekey::ui {

std::string csvField(std::string_view text)
{
    const bool formula = !text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos;
    if (!formula && text.find_first_of(",\"\r\n") == std::string_view::npos)
        return std::string(text);
    std::string quoted = formula ? "\"'" : "\"";
    for (const char c : text) {
        if (c == '"')
            quoted += '"';
        quoted += c;
    }
    return quoted + '"';
}

void writeStatisticsCsv(const Checkpoint &checkpoint, std::span<const std::uint32_t> tensors, const std::filesystem::path &path,
                        const Progress &progress)
{
    QSaveFile file(QString::fromStdString(path.string()));
    if (!file.open(QIODevice::WriteOnly))
        throw Error(path.string(), "", "cannot be written: " + file.errorString().toStdString());
    std::string text = "key,shape,dtype,values,bytes,minimum,maximum,mean,standard_deviation,zeros,nan,infinite\n";
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        progress.step(i, tensors.size(), "measuring tensors");
        const TensorEntry &entry = checkpoint.tensors()[tensors[i]];
        text += fmt::format("{},{},{},{},{}", csvField(entry.key), shapeText(entry.shape), name(entry.dtype), entry.elements(),
                            entry.bytes());
        if (checkpoint.hasValues() && isDecodable(entry.dtype)) {
            const Statistics s = statistics(checkpoint, tensors[i]);
            if (s.finite > 0)
                text += fmt::format(",{:.9g},{:.9g},{:.9g},{:.9g}", s.minimum, s.maximum, s.mean, s.standardDeviation());
            else
                text += ",,,,";
            text += fmt::format(",{},{},{}\n", s.zeros, s.nans, s.infinities);
        } else {
            text += ",,,,,,,\n";
        }
    }
    file.write(text.data(), static_cast<qint64>(text.size()));
    if (!file.commit())
        throw Error(path.string(), "", "cannot be written: " + file.errorString().toStdString());
}

} // namespace rekey::ui
