// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspect/filepanel.h"

#include "core/base/error.h"
#include "ui/inspect/statisticstable.h"
#include "ui/theme/displaytext.h"
#include "ui/theme/theme.h"
#include "ui/window/elidedlabel.h"
#include "ui/window/panelheader.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

#include <algorithm>

namespace rekey::ui {

namespace {

constexpr std::size_t mostEntries = 12;

QString shown(const std::string &text)
{
    return QString::fromStdString(displayText(text, 200));
}

} // namespace

FileMetadataPanel::FileMetadataPanel(QWidget *parent)
    : QWidget(parent)
    , m_table(new StatisticsTable({{{}, ColumnInk::Quiet, ColumnInk::Text}}, this))
{
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(new PanelHeader(tr("Metadata"), QStringLiteral("metadata"), this));
    auto *body = new QWidget(this);
    auto *bodyLayout = new QVBoxLayout(body);
    bodyLayout->setContentsMargins(16, 10, 12, 10);
    m_table->setLeftAligned(true);
    m_table->setAccessibleName(tr("Metadata"));
    bodyLayout->addWidget(m_table);
    layout->addWidget(body);
}

void FileMetadataPanel::setCheckpoint(const CheckpointPtr &checkpoint)
{
    if (!checkpoint)
        return m_table->setRows({});
    std::uint64_t bytes = 0;
    for (const TensorEntry &tensor : checkpoint->tensors())
        bytes += tensor.bytes();
    const std::string_view format = checkpoint->formatText();
    QList<StatisticsTable::Row> rows{
        {tr("Format"), {QString::fromUtf8(format.data(), static_cast<qsizetype>(format.size()))}},
        {tr("Root"), {checkpoint->root().text.empty() ? tr("whole file") : shown(checkpoint->root().text)}},
        {tr("Tensors"), {tr("%1, %2").arg(countText(checkpoint->tensors().size()), bytesText(bytes))}},
    };
    if (checkpoint->files().size() > 1)
        rows << StatisticsTable::Row{tr("Files"), {countText(checkpoint->files().size())}};
    const auto &metadata = checkpoint->metadata();
    for (std::size_t i = 0; i < std::min(metadata.size(), mostEntries); ++i)
        rows << StatisticsTable::Row {shown(pathText(metadata[i].path)),
                                      {metadata[i].value.empty() ? shown(metadata[i].type) : shown(metadata[i].value)}};
    if (metadata.empty())
        rows << StatisticsTable::Row{tr("Metadata"), {tr("none")}};
    else if (metadata.size() > mostEntries)
        rows << StatisticsTable::Row{QStringLiteral("…"), {tr("%1 more").arg(countText(metadata.size() - mostEntries))}};
    int wide = 64;
    for (const StatisticsTable::Row &row : std::as_const(rows))
        wide = std::max(wide, QFontMetrics(secondaryFont()).horizontalAdvance(row.name) + 16);
    m_table->setNameWidth(std::min(wide, 140));
    m_table->setRows(rows);
}

FileSafetyPanel::FileSafetyPanel(QWidget *parent)
    : QWidget(parent)
    , m_header(new PanelHeader(tr("Safety"), QStringLiteral("safety"), this))
    , m_layout(new QVBoxLayout(this))
{
    m_layout->setContentsMargins(0, 0, 0, 0);
    m_layout->setSpacing(0);
    m_layout->addWidget(m_header);
}

std::size_t tiedTensors(const Schema &schema)
{
    std::size_t tied = 0;
    for (std::size_t i = 0; i < schema.tensors.size(); ++i)
        tied += schema.tensors[i].tiedTo != i;
    return tied;
}

void FileSafetyPanel::addLine(const QString &iconName, const QColor &ink, const QString &text, bool fixed)
{
    auto *line = new QWidget(m_body);
    auto *layout = new QHBoxLayout(line);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(8);
    auto *glyph = new QLabel(line);
    glyph->setPixmap(iconPixmap(iconName, 14, devicePixelRatioF(), ink));
    auto *label = new ElidedLabel(text, line);
    label->setFont(fixed ? fixedFont() : secondaryFont());
    layout->addWidget(glyph);
    layout->addWidget(label, 1);
    m_body->layout()->addWidget(line);
}

void FileSafetyPanel::addText(const QString &text)
{
    auto *label = new QLabel(text, m_body);
    label->setFont(secondaryFont());
    label->setWordWrap(true);
    label->setForegroundRole(QPalette::PlaceholderText);
    m_body->layout()->addWidget(label);
}

void FileSafetyPanel::setCheckpoint(const CheckpointPtr &checkpoint, std::optional<quint64> unusual)
{
    delete m_body;
    m_body = new QWidget(this);
    auto *layout = new QVBoxLayout(m_body);
    layout->setContentsMargins(16, 10, 12, 12);
    layout->setSpacing(4);
    m_layout->addWidget(m_body);
    m_header->clearChip();
    if (!checkpoint)
        return;
    const Theme theme = Theme::of(palette());
    const QColor good = theme.status(Status::Proven).foreground, doubt = theme.status(Status::ToReview).foreground,
                 bad = theme.status(Status::Missing).foreground;
    m_header->setChip(QStringLiteral("check"), tr("Nothing executed"), Status::Proven);

    const auto &globals = checkpoint->globals();
    const auto known = static_cast<std::size_t>(
        std::count_if(globals.begin(), globals.end(), [](const GlobalUse &use) { return use.grade == Grade::Known; }));
    if (globals.empty())
        addText(checkpoint->hasValues() ? tr("This format holds names, shapes and bytes. There is nothing in it to run.")
                                        : tr("A schema holds names, shapes and types only."));
    else if (known == globals.size())
        addText(tr("The pickle would import %1 names, all known:").arg(countText(globals.size())));
    else
        addText(tr("The pickle would import %1 names, %2 of them not known to be harmless:")
                    .arg(countText(globals.size()), countText(globals.size() - known)));
    std::vector<GlobalUse> sorted = globals;
    std::stable_sort(sorted.begin(), sorted.end(), [](const GlobalUse &a, const GlobalUse &b) { return a.grade > b.grade; });
    for (std::size_t i = 0; i < std::min(sorted.size(), mostEntries); ++i) {
        const GlobalUse &use = sorted[i];
        const QString glyph = use.grade == Grade::Known     ? QStringLiteral("check")
                              : use.grade == Grade::Unknown ? QStringLiteral("warning")
                                                            : QStringLiteral("error");
        addLine(glyph,
                use.grade == Grade::Known     ? good
                : use.grade == Grade::Unknown ? doubt
                                              : bad,
                shown(use.module + '.' + use.name), true);
    }
    if (sorted.size() > mostEntries)
        addText(tr("and %1 more").arg(countText(sorted.size() - mostEntries)));
    layout->addSpacing(6);

    const std::size_t tied = tiedTensors(checkpoint->schema());
    if (tied == 0)
        addLine(QStringLiteral("check"), good, tr("No shared storage"));
    else
        addLine(QStringLiteral("tied"), theme.text2,
                tied == 1 ? tr("1 tensor shares another's storage") : tr("%1 tensors share another's storage").arg(countText(tied)));
    if (unusual && *unusual == 0)
        addLine(QStringLiteral("check"), good, tr("No NaN, no infinite value"));
    else if (unusual)
        addLine(QStringLiteral("warning"), doubt, tr("%1 values are NaN or infinite").arg(countText(*unusual)));
    for (const std::string &warning : checkpoint->warnings())
        addLine(QStringLiteral("warning"), doubt, shown(warning));
}

} // namespace rekey::ui
