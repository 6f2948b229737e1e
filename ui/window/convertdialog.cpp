// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/convertdialog.h"

#include "core/base/error.h"
#include "core/script/exporters.h"
#include "ui/document/rulesedit.h"
#include "ui/theme/displaytext.h"
#include "ui/theme/theme.h"
#include "ui/window/elidedlabel.h"
#include "ui/window/pagebutton.h"
#include "ui/window/panelheader.h"
#include "ui/window/settings.h"

#include <QBoxLayout>
#include <QCheckBox>
#include <QComboBox>
#include <QDir>
#include <QElapsedTimer>
#include <QFileDialog>
#include <QFileInfo>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QSaveFile>

#include <map>

namespace rekey::ui {

namespace {

constexpr std::uint64_t gigabyte = 1'000'000'000;

QLabel *quietLabel(const QString &text)
{
    auto *label = new QLabel(text);
    label->setFont(secondaryFont());
    label->setForegroundRole(QPalette::PlaceholderText);
    label->setWordWrap(true);
    return label;
}

const Exporter *exporter(std::string_view id)
{
    for (const Exporter &row : exporters()) {
        if (row.id == id)
            return &row;
    }
    return nullptr;
}

std::filesystem::path withExtension(const std::filesystem::path &weights, std::string_view suffix)
{
    std::filesystem::path path = weights;
    path.replace_extension();
    path += suffix;
    return path;
}

void writeText(const std::filesystem::path &path, const std::string &text)
{
    QSaveFile file(QString::fromStdString(path.string()));
    const bool written = file.open(QIODevice::WriteOnly)
                         && file.write(text.data(), static_cast<qint64>(text.size())) == static_cast<qint64>(text.size()) && file.commit();
    if (!written)
        throw Error(path.string(), "", "cannot be written: " + file.errorString().toStdString());
}

QString dtypeName(DType dtype)
{
    const std::string_view text = name(dtype);
    return QString::fromLatin1(text.data(), static_cast<qsizetype>(text.size()));
}

/// The type that most floating-point values of a schema have.
std::optional<DType> mainDtype(const Schema &schema)
{
    std::map<DType, std::uint64_t> values;
    for (const SchemaTensor &tensor : schema.tensors) {
        if (info(tensor.dtype).kind == DTypeKind::Float)
            values[tensor.dtype] += elementCount(tensor.shape) + 1;
    }
    if (values.empty())
        return std::nullopt;
    return std::max_element(values.begin(), values.end(), [](const auto &a, const auto &b) { return a.second < b.second; })->first;
}

QString firstKey(const Schema &schema, const std::function<bool(std::uint32_t)> &is)
{
    for (std::uint32_t i = 0; i < schema.tensors.size(); ++i) {
        if (is(i))
            return keyText(schema.tensors[i].key);
    }
    return {};
}

} // namespace

ConvertOutcome carryOut(const ConvertChoice &choice, const Progress &progress)
{
    QElapsedTimer timer;
    timer.start();
    ConvertOutcome outcome;
    outcome.report = runtime().convert(choice.request, progress.part(0, 0.95));
    const Schema &source = choice.request.source->schema(), &target = choice.request.target->schema();
    const Resolution resolution = resolve(choice.request.mapping, source, target);
    const ExportInput input{&choice.request.mapping, &source, &target, &resolution};
    const auto write = [&](std::string_view id, std::string_view suffix) {
        const Exporter *kind = exporter(id);
        if (kind == nullptr)
            return;
        progress.check();
        const std::filesystem::path path = withExtension(choice.request.destination, suffix);
        writeText(path, kind->write(input));
        outcome.beside.push_back(path);
    };
    if (choice.script)
        write("python", ".py");
    if (choice.transformers)
        write("transformers", "_transformers.py");
    if (choice.report)
        write("markdown", ".md");
    if (choice.mapping) {
        const std::filesystem::path path = withExtension(choice.request.destination, ".rekey.json");
        saveMapping(choice.request.mapping, path);
        outcome.beside.push_back(path);
    }
    outcome.milliseconds = static_cast<double>(timer.nsecsElapsed()) / 1e6;
    return outcome;
}

ConvertDialog::ConvertDialog(Session &session, QWidget *parent)
    : QDialog(parent)
    , m_session(session)
{
    setWindowTitle(tr("Convert"));
    auto *columns = new QHBoxLayout;
    columns->setSpacing(0);
    columns->addWidget(makeGate(), 1);
    auto *line = new QFrame;
    line->setFixedWidth(1);
    line->setAutoFillBackground(true);
    line->setBackgroundRole(QPalette::Mid);
    columns->addWidget(line);
    columns->addWidget(makeWrite(), 1);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(columns, 1);
    column->addWidget(makeFooter());
    resize(860, 452);
    setMinimumWidth(760);
    connect(&session.document(), &MappingDocument::resolutionChanged, this, &ConvertDialog::listGate);
    listGate();
    m_convert->setFocus();
}

QWidget *ConvertDialog::makeGate()
{
    auto *gate = new QWidget;
    gate->setAutoFillBackground(true);
    gate->setBackgroundRole(QPalette::Base);
    m_gateHeader = new PanelHeader(tr("Ready to convert?"));
    m_gate = new QVBoxLayout;
    m_gate->setSpacing(0);
    m_anyway = new QCheckBox(tr("Convert anyway; keep the target’s own values for open keys"));
    auto *note = quietLabel(tr("Recorded in the report and in the file’s metadata"));
    note->setContentsMargins(24, 0, 0, 0);
    m_anywayRow = new QWidget;
    auto *anyway = new QVBoxLayout(m_anywayRow);
    anyway->setContentsMargins(12, 10, 12, 12);
    anyway->setSpacing(0);
    anyway->addWidget(m_anyway);
    anyway->addWidget(note);
    connect(m_anyway, &QCheckBox::toggled, note, [this] { updateTexts(); });
    auto *column = new QVBoxLayout(gate);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_gateHeader);
    column->addLayout(m_gate);
    column->addWidget(m_anywayRow);
    column->addStretch(1);
    return gate;
}

void ConvertDialog::addGateRow(const QString &iconName, const QColor &colour, const QString &title, const QString &text, QWidget *fix)
{
    auto *row = new QWidget;
    row->setFixedHeight(48);
    auto *iconLabel = new QLabel;
    iconLabel->setPixmap(iconPixmap(iconName, 16, devicePixelRatioF(), colour));
    auto *texts = new QVBoxLayout;
    texts->setSpacing(0);
    texts->addStretch(1);
    texts->addWidget(new QLabel(title));
    auto *detail = quietLabel(text);
    detail->setWordWrap(false);
    detail->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    detail->setToolTip(text);
    texts->addWidget(detail);
    texts->addStretch(1);
    auto *inner = new QHBoxLayout(row);
    inner->setContentsMargins(12, 0, 12, 0);
    inner->setSpacing(12);
    inner->addWidget(iconLabel);
    inner->addLayout(texts, 1);
    if (fix != nullptr)
        inner->addWidget(fix);
    auto *line = new QFrame;
    line->setFixedHeight(1);
    line->setAutoFillBackground(true);
    line->setBackgroundRole(QPalette::Mid);
    m_gate->addWidget(row);
    m_gate->addWidget(line);
}

bool ConvertDialog::isComplete() const
{
    const auto resolution = m_session.document().resolution();
    return resolution && resolution->complete();
}

void ConvertDialog::listGate()
{
    while (QLayoutItem *item = m_gate->takeAt(0)) {
        if (item->widget() != nullptr)
            item->widget()->deleteLater();
        delete item;
    }
    const auto resolution = m_session.document().resolution();
    const auto source = m_session.document().source(), target = m_session.document().target();
    if (!resolution || !source || !target)
        return;
    const Theme theme = Theme::of(palette());
    const auto number = [](std::size_t count) { return countText(count); };
    int stops = 0;
    const auto stop = [&](TargetStatus outcome, Status status, const QString &title, const QString &fix) {
        const std::size_t count = resolution->count(outcome);
        if (count == 0)
            return;
        ++stops;
        auto *button = new PageButton(PageButton::Look::Outlined, fix);
        button->setSmall(true);
        connect(button, &QAbstractButton::clicked, this, [this, status] {
            reject();
            if (status == Status::ToReview)
                Q_EMIT reviewAsked();
            else
                Q_EMIT showAsked(status);
        });
        const QString first = firstKey(*target, [&](std::uint32_t i) { return resolution->targets[i].status == outcome; });
        addGateRow(statusIcon(status), theme.status(status).foreground, title.arg(number(count)),
                   count > 1 ? tr("%1 and %2 more").arg(first).arg(count - 1) : first, button);
    };
    stop(TargetStatus::ToReview, Status::ToReview, tr("%1 keys to review"), tr("Choose…"));
    stop(TargetStatus::Missing, Status::Missing, tr("%1 missing keys"), tr("Show"));
    stop(TargetStatus::Mismatched, Status::Mismatched, tr("%1 mismatched keys"), tr("Show"));
    stop(TargetStatus::Conflicting, Status::Conflicting, tr("%1 conflicting keys"), tr("Show"));
    const std::size_t filled = resolution->count(TargetStatus::Filled), initialised = resolution->count(TargetStatus::Initialised);
    std::size_t proven = 0;
    for (const TargetOutcome &outcome : resolution->targets) {
        const auto &rules = m_session.document().resolvedMapping()->rules;
        if (outcome.status == TargetStatus::Filled && outcome.rule < rules.size() && rules[outcome.rule].state == RuleState::Proven)
            ++proven;
    }
    QString filledText = proven > 0 ? tr("%1 proven by value, %2 suggested or accepted").arg(number(proven), number(filled - proven))
                                    : tr("All suggested or accepted");
    if (initialised > 0)
        filledText += tr("; %1 more initialised").arg(number(initialised));
    addGateRow(statusIcon(Status::Filled), theme.status(Status::Filled).foreground,
               tr("%1 of %2 filled").arg(number(filled), number(resolution->targets.size())), filledText);
    const QColor green = theme.status(Status::Proven).foreground;
    if (resolution->count(TargetStatus::Mismatched) + resolution->count(TargetStatus::Conflicting) == 0)
        addGateRow(QStringLiteral("check"), green, tr("No mismatch, no conflict"), tr("All shapes agree after the transforms"));
    const std::size_t unused = resolution->count(SourceStatus::Unused);
    if (unused == 0) {
        const std::size_t dropped = resolution->count(SourceStatus::Dropped);
        addGateRow(QStringLiteral("check"), green, tr("No unused source key"),
                   dropped > 0 ? tr("%1 used, %2 dropped with a reason").arg(number(resolution->count(SourceStatus::Used)), number(dropped))
                               : tr("%1 used").arg(number(resolution->count(SourceStatus::Used))));
    } else {
        auto *drop = new PageButton(PageButton::Look::Outlined, tr("Drop, not needed"));
        drop->setSmall(true);
        drop->setToolTip(tr("Adds rules that drop these keys with the reason “not needed by the target”"));
        connect(drop, &QAbstractButton::clicked, this, &ConvertDialog::dropUnused);
        addGateRow(statusIcon(Status::Unused), theme.status(Status::Unused).foreground, tr("%1 unused source keys").arg(number(unused)),
                   firstKey(*source, [&](std::uint32_t i) { return resolution->sources[i].status == SourceStatus::Unused; }), drop);
    }
    const auto from = mainDtype(*source), to = mainDtype(*target);
    if (from && to && info(*to).blockBytes < info(*from).blockBytes)
        addGateRow(QStringLiteral("warning"), theme.status(Status::ToReview).foreground, tr("Precision"),
                   tr("%1 to %2 rounds; the result says by how much").arg(dtypeName(*from), dtypeName(*to)));
    m_anywayRow->setVisible(stops > 0);
    if (stops > 0)
        m_gateHeader->setChip(QStringLiteral("error"), stops == 1 ? tr("1 thing stops it") : tr("%1 things stop it").arg(stops),
                              Status::Missing);
    else
        m_gateHeader->setChip(QStringLiteral("check"), tr("Ready"), Status::Proven);
    updateTexts();
}

void ConvertDialog::dropUnused()
{
    const auto resolution = m_session.document().resolution();
    const auto source = m_session.document().source();
    const auto tree = m_session.keyTree(Side::Source);
    std::vector<Rule> rules;
    const auto drop = [&rules](Pattern pattern) {
        Rule rule;
        rule.kind = RuleKind::Drop;
        rule.sources.push_back(std::move(pattern));
        rule.reason = tr("not needed by the target").toStdString();
        rules.push_back(std::move(rule));
    };
    const auto unused = [&](std::uint32_t i) { return resolution->sources[i].status == SourceStatus::Unused; };
    for (const KeyTree::Node &node : tree->nodes) {
        if (node.tensors.empty())
            continue;
        if (node.tensors.size() > 1 && std::all_of(node.tensors.begin(), node.tensors.end(), unused)) {
            try {
                drop(Pattern::parse(node.path));
                continue;
            } catch (const PatternError &) {
                // A key with braces of its own: key by key below.
            }
        }
        for (const std::uint32_t tensor : node.tensors) {
            if (unused(tensor))
                drop(Pattern::literal(source->tensors[tensor].key));
        }
    }
    m_session.document().insertRules(none, std::move(rules), tr("Drop unused keys"));
}

std::uint64_t ConvertDialog::targetBytes() const
{
    const auto target = m_session.document().target();
    std::uint64_t bytes = 0;
    const auto chosen = m_dtype->currentData().isValid() ? std::optional(static_cast<DType>(m_dtype->currentData().toInt())) : std::nullopt;
    for (const SchemaTensor &tensor : target->tensors) {
        const bool cast = chosen && info(tensor.dtype).kind == DTypeKind::Float;
        bytes += byteCount(cast ? *chosen : tensor.dtype, elementCount(tensor.shape)).value_or(0);
    }
    return bytes;
}

QWidget *ConvertDialog::makeWrite()
{
    auto *write = new QWidget;
    write->setAutoFillBackground(true);
    write->setBackgroundRole(QPalette::Base);
    const auto target = m_session.document().target();
    QString base = QFileInfo(m_session.name(Side::Target)).completeBaseName();
    if (base.isEmpty())
        base = QFileInfo(m_session.name(Side::Source)).completeBaseName();
    const QString folder = m_session.settings().lastFolder(QStringLiteral("convert"));
    m_destination = new QLineEdit(QDir(folder).filePath(base.replace(QLatin1Char(' '), QLatin1Char('_')).remove(QLatin1Char(','))
                                                        + QStringLiteral("_converted.safetensors")));
    m_destination->setAccessibleName(tr("Weights"));
    m_destination->setCursorPosition(0);
    auto *browseButton = new PageButton(PageButton::Look::Flat, {}, QStringLiteral("open"));
    browseButton->setToolTip(tr("Choose where to write"));
    browseButton->setAccessibleName(tr("Choose where to write"));
    connect(browseButton, &QAbstractButton::clicked, this, &ConvertDialog::browse);
    m_dtype = new QComboBox;
    const auto native = target ? mainDtype(*target) : std::nullopt;
    m_dtype->addItem(native ? tr("%1, as in the target").arg(dtypeName(*native)) : tr("As in the target"));
    for (const DType dtype : {DType::F32, DType::F16, DType::BF16})
        m_dtype->addItem(dtypeName(dtype), static_cast<int>(dtype));
    m_dtype->setAccessibleName(tr("Data type"));
    m_shards = new QComboBox;
    m_shards->setAccessibleName(tr("Shards"));
    m_shards->addItem({}, QVariant::fromValue<qulonglong>(0));
    for (const std::uint64_t size : {1, 2, 5, 10})
        m_shards->addItem(tr("Files of at most %1 GB").arg(size), QVariant::fromValue<qulonglong>(size * gigabyte));
    connect(m_dtype, &QComboBox::currentIndexChanged, this, [this] { updateTexts(); });
    connect(m_destination, &QLineEdit::textChanged, this, [this] { updateTexts(); });

    auto *grid = new QGridLayout;
    grid->setContentsMargins(12, 14, 12, 14);
    grid->setHorizontalSpacing(12);
    grid->setVerticalSpacing(8);
    const auto label = [&](int row, const QString &text) {
        QLabel *rowLabel = quietLabel(text);
        rowLabel->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
        grid->addWidget(rowLabel, row, 0);
    };
    label(0, tr("Weights"));
    label(1, tr("Data type"));
    label(2, tr("Shards"));
    grid->addWidget(m_destination, 0, 1);
    grid->addWidget(browseButton, 0, 2);
    grid->addWidget(m_dtype, 1, 1, 1, 2);
    grid->addWidget(m_shards, 2, 1, 1, 2);
    grid->setColumnStretch(1, 1);

    auto *beside = new QVBoxLayout;
    beside->setContentsMargins(16, 12, 12, 12);
    beside->setSpacing(0);
    const auto check = [&](QCheckBox *&box, QLabel *&text, const QString &title, bool on) {
        box = new QCheckBox(title);
        box->setChecked(on);
        text = new ElidedLabel;
        text->setFont(secondaryFont());
        text->setForegroundRole(QPalette::PlaceholderText);
        text->setIndent(0);
        auto *below = new QHBoxLayout;
        below->addSpacing(24); // under the word, not under the box
        below->addWidget(text, 1);
        beside->addWidget(box);
        beside->addLayout(below);
        beside->addSpacing(8);
    };
    check(m_script, m_scriptText, tr("Python script"), true);
    check(m_mapping, m_mappingText, tr("Mapping"), true);
    check(m_transformers, m_transformersText, tr("Transformers converter"), false);
    check(m_report, m_reportText, tr("Report"), true);
    const auto offer = [](std::string_view id, QCheckBox *box, QLabel *text) {
        const bool known = exporter(id) != nullptr;
        box->setVisible(known);
        text->setVisible(known);
        box->setChecked(box->isChecked() && known);
    };
    offer("python", m_script, m_scriptText);
    offer("transformers", m_transformers, m_transformersText);
    offer("markdown", m_report, m_reportText);

    auto *column = new QVBoxLayout(write);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(new PanelHeader(tr("Write")));
    column->addLayout(grid);
    column->addWidget(new PanelHeader(tr("And beside it")));
    column->addLayout(beside);
    column->addStretch(1);
    return write;
}

QWidget *ConvertDialog::makeFooter()
{
    auto *footer = new QWidget;
    footer->setFixedHeight(52);
    m_cancel = new PageButton(PageButton::Look::Outlined, tr("Cancel"));
    m_convert = new PageButton(PageButton::Look::Primary, tr("Convert"));
    m_convert->setObjectName(QStringLiteral("convert"));
    connect(m_cancel, &QAbstractButton::clicked, this, &QDialog::reject);
    connect(m_convert, &QAbstractButton::clicked, this, &QDialog::accept);
    auto *row = new QHBoxLayout(footer);
    row->setContentsMargins(12, 0, 12, 0);
    row->setSpacing(8);
    row->addWidget(quietLabel(tr("Written to a temporary file, then renamed. Inputs are never overwritten.")), 1);
    row->addWidget(m_cancel);
    row->addWidget(m_convert);
    return footer;
}

void ConvertDialog::updateTexts()
{
    if (m_convert == nullptr || !m_session.document().target())
        return;
    const std::uint64_t bytes = targetBytes();
    m_shards->setItemText(0, tr("One file, %1").arg(bytesText(bytes)));
    const std::size_t tensors = m_session.document().target()->tensors.size();
    m_convert->setText(tr("Convert %n tensor(s)", nullptr, static_cast<int>(tensors)));
    m_convert->setEnabled((isComplete() || m_anyway->isChecked()) && !m_destination->text().trimmed().isEmpty());
    const std::filesystem::path weights = m_destination->text().trimmed().toStdString();
    const auto beside
        = [&weights](std::string_view suffix) { return QString::fromStdString(withExtension(weights, suffix).filename().string()); };
    m_scriptText->setText(tr("%1, the same conversion in PyTorch").arg(beside(".py")));
    m_mappingText->setText(tr("%1, with fingerprints of both sides").arg(beside(".rekey.json")));
    m_transformersText->setText(tr("%1, in the library’s house form").arg(beside("_transformers.py")));
    m_reportText->setText(tr("%1, rules, evidence, reasons").arg(beside(".md")));
}

void ConvertDialog::browse()
{
    const QString path = QFileDialog::getSaveFileName(this, tr("Write the converted weights"), m_destination->text(),
                                                      tr("safetensors (*.safetensors);;PyTorch (*.pth *.pt *.bin)"));
    if (!path.isEmpty())
        m_destination->setText(path);
}

ConvertChoice ConvertDialog::choice() const
{
    ConvertChoice choice;
    choice.request.source = m_session.checkpoint(Side::Source);
    choice.request.target = m_session.checkpoint(Side::Target);
    choice.request.mapping = m_session.document().mapping();
    choice.request.mapping.incompleteAccepted = m_anyway->isChecked() && !isComplete();
    choice.request.allowIncomplete = choice.request.mapping.incompleteAccepted;
    choice.request.destination = m_destination->text().trimmed().toStdString();
    if (m_dtype->currentData().isValid())
        choice.request.dtype = static_cast<DType>(m_dtype->currentData().toInt());
    choice.request.maxShardBytes = m_shards->currentData().toULongLong();
    choice.script = m_script->isChecked();
    choice.mapping = m_mapping->isChecked();
    choice.transformers = m_transformers->isChecked();
    choice.report = m_report->isChecked();
    return choice;
}

} // namespace rekey::ui
