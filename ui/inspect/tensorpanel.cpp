// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspect/tensorpanel.h"

#include "ui/inspect/statisticstable.h"
#include "ui/theme/displaytext.h"
#include "ui/theme/theme.h"
#include "ui/window/panelheader.h"

#include <QLabel>
#include <QPainter>
#include <QVBoxLayout>

#include <algorithm>

namespace rekey::ui {

namespace {

/// "blocks.2.attn.qkv.weight" of "image_encoder.blocks.2.attn.qkv.weight" and "attn.qkv.weight"; the tool tip has it all.
QString keyInBlock(const std::string &key, const std::string &leaf)
{
    if (leaf.size() + 1 >= key.size())
        return keyText(key);
    std::size_t dot = key.rfind('.', key.size() - leaf.size() - 2);
    if (dot != std::string::npos && dot > 0)
        dot = key.rfind('.', dot - 1);
    return keyText(dot == std::string::npos ? key : key.substr(dot + 1));
}

} // namespace

class TensorPanel::Bars : public QWidget
{
public:
    explicit Bars(QWidget *parent)
        : QWidget(parent)
    {
        setFixedHeight(88);
    }

    void set(const std::optional<Histogram> &histogram, Side side)
    {
        m_histogram = histogram;
        m_side = side;
        update();
    }

protected:
    void paintEvent(QPaintEvent *) override
    {
        if (!m_histogram || m_histogram->counts.empty())
            return;
        QPainter painter(this);
        const Theme theme = Theme::of(palette());
        const QRectF area = QRectF(rect()).adjusted(48, 8, -48, -8);
        const double top
            = static_cast<double>(std::max<std::uint64_t>(1, *std::max_element(m_histogram->counts.begin(), m_histogram->counts.end())));
        const double step = area.width() / static_cast<double>(m_histogram->counts.size());
        const QColor ink = mix(theme.base, m_side == Side::Source ? theme.src : theme.tgt, 0.78);
        for (std::size_t i = 0; i < m_histogram->counts.size(); ++i) {
            if (m_histogram->counts[i] == 0)
                continue;
            const double height = std::max(1.0, area.height() * static_cast<double>(m_histogram->counts[i]) / top);
            // Whole pixels side by side, so that no seams show between bars.
            const int left = qRound(area.left() + static_cast<double>(i) * step),
                      right = qRound(area.left() + static_cast<double>(i + 1) * step);
            painter.fillRect(QRectF(left, area.bottom() - height, right - left, height), ink);
        }
    }

private:
    std::optional<Histogram> m_histogram;
    Side m_side = Side::Source;
};

TensorPanel::TensorPanel(QWidget *parent)
    : QWidget(parent)
    , m_header(new PanelHeader(tr("Statistics"), {}, this))
    , m_bars(new Bars(this))
    , m_table(new StatisticsTable({{{}, ColumnInk::Quiet, ColumnInk::Text}}, this))
    , m_message(new QLabel(this))
{
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    auto *body = new QWidget(this);
    auto *bodyLayout = new QVBoxLayout(body);
    bodyLayout->setContentsMargins(16, 4, 24, 12);
    m_header->setDetailFixed(false);
    m_table->setColumnWidth(140);
    m_table->setAccessibleName(tr("Statistics"));
    m_message->setFont(secondaryFont());
    m_message->setWordWrap(true);
    m_message->setForegroundRole(QPalette::PlaceholderText);
    m_message->setContentsMargins(0, 6, 0, 0);
    bodyLayout->addWidget(m_message);
    bodyLayout->addWidget(m_table);
    layout->addWidget(m_header);
    layout->addWidget(m_bars);
    layout->addWidget(body);
}

void TensorPanel::setTensor(const CheckpointPtr &checkpoint, Side side, const std::optional<TensorReading> &reading)
{
    m_bars->setVisible(reading && reading->histogram);
    m_table->setVisible(reading.has_value());
    m_message->setVisible(!reading || !reading->error.empty());
    if (!reading) {
        m_header->setDetail({});
        m_message->setText(tr("Select a key to see its values."));
        return;
    }
    const TensorEntry &entry = checkpoint->tensors()[reading->tensor];
    m_header->setDetail(keyInBlock(entry.key, reading->family.leaf));
    m_header->setToolTip(keyText(entry.key));
    m_message->setText(QString::fromStdString(reading->error));
    m_bars->set(reading->histogram, side);
    const auto dtype = name(entry.dtype);
    const QString stored
        = QStringLiteral("%1, %2").arg(QString::fromLatin1(dtype.data(), static_cast<qsizetype>(dtype.size())), bytesText(entry.bytes()));
    QList<StatisticsTable::Row> rows{{tr("Shape"), {shapeText(entry.shape)}}, {tr("Values"), {countText(entry.elements())}}};
    if (const auto &s = reading->statistics) {
        const auto number = [&](double value) { return s->finite > 0 ? numberText(value) : QStringLiteral("–"); };
        rows << StatisticsTable::Row {tr("Minimum"), {number(s->minimum)}} << StatisticsTable::Row {tr("Maximum"), {number(s->maximum)}}
             << StatisticsTable::Row {tr("Mean"), {number(s->mean)}}
             << StatisticsTable::Row {tr("Std deviation"), {number(s->standardDeviation())}}
             << StatisticsTable::Row {tr("Zeros"), {countText(s->zeros)}}
             << StatisticsTable::Row {tr("NaN or infinite"), {countText(s->nans + s->infinities)}};
    }
    rows << StatisticsTable::Row{tr("Stored"), {stored}};
    m_table->setRows(rows);
}

void TensorPanel::setGroup(const QString &path, quint64 keys, quint64 values, quint64 bytes)
{
    m_bars->hide();
    m_message->hide();
    m_table->show();
    m_header->setDetail(path);
    m_header->setToolTip(path);
    m_table->setRows({{tr("Keys"), {countText(keys)}}, {tr("Values"), {countText(values)}}, {tr("Stored"), {bytesText(bytes)}}});
}

} // namespace rekey::ui
