// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/parity/parityreport.h"

#include "ui/parity/parityrun.h"
#include "ui/parity/parityverdict.h"
#include "ui/theme/displaytext.h"

#include <QCoreApplication>

namespace rekey::ui {

namespace {

struct Report
{
    Q_DECLARE_TR_FUNCTIONS(rekey::ui::ParityReport)
};

/// A cell of a table: bars would end it.
QString cell(QString text)
{
    return text.replace(QLatin1Char('|'), QStringLiteral("\\|")).replace(QLatin1Char('\n'), QLatin1Char(' '));
}

QString code(const std::string &key)
{
    return QLatin1Char('`') + cell(keyText(key)) + QLatin1Char('`');
}

QString line(const QStringList &cells)
{
    return QStringLiteral("| ") + cells.join(QStringLiteral(" | ")) + QStringLiteral(" |\n");
}

QString heading(const QStringList &titles)
{
    return line(titles) + line(QStringList(titles.size(), QStringLiteral("---")));
}

QString comparedText(const ParityInput &input)
{
    const QString source = input.source ? QString::fromStdString(input.source->name()) : QString();
    const QString target = input.target ? QString::fromStdString(input.target->name()) : QString();
    const QString pair = target.isEmpty() ? source : QStringLiteral("%1 → %2").arg(source, target);
    const QString file = QString::fromStdString(input.reference.file.filename().string());
    switch (input.reference.kind) {
    case ParityReference::Kind::Original:
        return Report::tr("%1: original and converted model on %2.")
            .arg(pair, QString::fromStdString(input.picture.path.filename().string()));
    case ParityReference::Kind::Recorded: return Report::tr("%1 against the activations in %2.").arg(pair, file);
    case ParityReference::Kind::Files:
        return Report::tr("Activations in %1 against those in %2.")
            .arg(QString::fromStdString(input.reference.checked.filename().string()), file);
    case ParityReference::Kind::Checkpoint: return Report::tr("%1 against the weights in %2.").arg(pair, file);
    case ParityReference::Kind::Target: return Report::tr("%1 against the target's own weights.").arg(pair);
    }
    return pair;
}

QString layersTable(const ActivationParity &parity)
{
    QString text = QStringLiteral("\n## ") + Report::tr("Layers") + QStringLiteral("\n\n");
    text += Report::tr("Errors are largest differences over the largest value of the layer, at least 1. Tolerance: %1.")
                .arg(toleranceText(parity.tolerance));
    text += QStringLiteral("\n\n")
            + heading({Report::tr("Layer"), Report::tr("Accumulated"), Report::tr("Isolated"), Report::tr("Weights"), Report::tr("Verdict"),
                       Report::tr("Reason")});
    const auto error = [](const std::optional<LayerError> &value) { return value ? errorCellText(value->error()) : QStringLiteral("–"); };
    for (const LayerParityRow &row : parity.rows)
        text += line({code(row.layer), error(row.accumulated), error(row.isolated),
                      QString::fromUtf8(weightsName(row.weights).data(), static_cast<qsizetype>(weightsName(row.weights).size())),
                      look(row.verdict).word, cell(sentenceText(row.reason))});
    return text;
}

QString weightsTable(const WeightParity &parity)
{
    QString text = QStringLiteral("\n## ") + Report::tr("Weights") + QStringLiteral("\n\n");
    text += Report::tr("%1 equal, %2 within tolerance, %3 different, %4 missing.")
                .arg(countText(parity.count(WeightVerdict::Equal)), countText(parity.count(WeightVerdict::WithinTolerance)),
                     countText(parity.count(WeightVerdict::Different)), countText(parity.count(WeightVerdict::Missing)));
    text += QLatin1Char('\n');
    if (parity.agrees())
        return text;
    text += QLatin1Char('\n')
            + heading({Report::tr("Key"), Report::tr("Rule"), Report::tr("Verdict"), Report::tr("Largest difference"), Report::tr("Cosine"),
                       Report::tr("Reason")});
    for (const WeightParityRow &row : parity.rows) {
        if (row.verdict != WeightVerdict::Different && row.verdict != WeightVerdict::Missing)
            continue;
        const bool figures = row.difference.count > 0;
        text += line({code(row.key), row.rule == none ? QStringLiteral("–") : QString::number(row.rule + 1), look(row.verdict).word,
                      figures ? errorCellText(row.difference.maxAbsolute) : QStringLiteral("–"),
                      figures ? QString::number(row.difference.cosine, 'f', 6) : QStringLiteral("–"), cell(sentenceText(row.reason))});
    }
    return text;
}

} // namespace

QByteArray parityReport(const ParityResult &result)
{
    const ParityHeadline head = headline(result);
    QString text = QStringLiteral("# ") + Report::tr("Parity: %1").arg(head.verdict) + QStringLiteral("\n\n");
    text += head.sentence + QStringLiteral("\n\n") + comparedText(result.input) + QLatin1Char('\n');
    for (const QString &note : head.notes)
        text += QStringLiteral("\n- ") + note + QLatin1Char('\n');
    if (result.layers)
        text += layersTable(*result.layers);
    if (result.weights)
        text += weightsTable(*result.weights);
    return text.toUtf8();
}

} // namespace rekey::ui
