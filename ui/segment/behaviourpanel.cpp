// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/behaviourpanel.h"

#include "ui/theme/theme.h"
#include "ui/window/elidedlabel.h"
#include "ui/window/pagebutton.h"
#include "ui/window/panelheader.h"

#include <QGridLayout>
#include <QLabel>
#include <QMenu>
#include <QVBoxLayout>

#include <map>

namespace rekey::ui {

BehaviourPanel::BehaviourPanel(QWidget *parent)
    : QWidget(parent)
    , m_header(new PanelHeader(tr("Behaviour"), {}, this))
    , m_rows(nullptr)
    , m_layout(new QVBoxLayout(this))
{
    m_layout->setContentsMargins(0, 0, 0, 0);
    m_layout->setSpacing(0);
    m_layout->addWidget(m_header);
    setBehaviour({}, {}, {});
}

QString BehaviourPanel::nameText(const std::string &key)
{
    static const std::map<std::string, const char *> names = {
        {"decoder_norm_eps", QT_TR_NOOP("LayerNorm eps, mask decoder")},
        {"encoder_norm_eps", QT_TR_NOOP("LayerNorm eps, image encoder")},
        {"neck_norm_eps", QT_TR_NOOP("LayerNorm eps, neck")},
    };
    if (const auto known = names.find(key); known != names.end())
        return tr(known->second);
    QString text = QString::fromStdString(key).replace(QLatin1Char('_'), QLatin1Char(' '));
    if (!text.isEmpty())
        text[0] = text[0].toUpper();
    return text;
}

QString BehaviourPanel::valueText(double value)
{
    QString text = QString::number(value, 'g', 6);
    // 1e-05 as people write it.
    text.replace(QStringLiteral("e-0"), QStringLiteral("e-"));
    return text.replace(QLatin1Char('-'), QChar(0x2212));
}

void BehaviourPanel::setBehaviour(const Behaviour &original, const Behaviour &converted, const Behaviour &overrides)
{
    if (m_rows != nullptr && original == m_original && converted == m_converted && overrides == m_overrides)
        return;
    m_original = original;
    m_converted = converted;
    m_overrides = overrides;
    // Not at once: the button that was clicked may be among them.
    if (m_rows != nullptr) {
        m_rows->hide();
        m_rows->deleteLater();
    }
    m_rows = new QWidget(this);
    auto *layout = new QVBoxLayout(m_rows);
    layout->setContentsMargins(12, 10, 12, 10);
    layout->setSpacing(8);
    m_layout->addWidget(m_rows);

    int differing = 0, rows = 0;
    for (const auto &[key, value] : original) {
        const auto other = converted.find(key);
        if (other == converted.end())
            continue;
        const bool overridden = overrides.contains(key), differs = other->second != value;
        differing += differs;
        if (!differs && !overridden)
            continue;
        ++rows;
        const QString detail = overridden ? tr("%1 original, %2 converted, changed by you").arg(valueText(value), valueText(other->second))
                                          : tr("%1 original, %2 converted").arg(valueText(value), valueText(other->second));
        addRow(QString::fromStdString(key), nameText(key), detail, value, other->second, overridden);
    }
    const bool known = !original.empty() && !converted.empty();
    m_header->setDetail(!known           ? QString()
                        : differing == 0 ? tr("alike")
                        : differing == 1 ? tr("1 differs")
                                         : tr("%1 differ").arg(differing));
    if (rows == 0) {
        auto *text = new QLabel(known ? tr("Both implementations compute alike.") : tr("Known once both models have run."), m_rows);
        text->setFont(secondaryFont());
        text->setForegroundRole(QPalette::PlaceholderText);
        layout->addWidget(text);
    }
}

void BehaviourPanel::addRow(const QString &key, const QString &title, const QString &detail, double original, double converted,
                            bool overridden)
{
    auto *row = new QWidget(m_rows);
    auto *grid = new QGridLayout(row);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(8);
    grid->setVerticalSpacing(0);
    auto *glyph = new QLabel(row);
    glyph->setPixmap(icon(QStringLiteral("info"), Theme::of(palette()).accent).pixmap(16, 16));
    auto *name = new ElidedLabel(title, row), *values = new ElidedLabel(detail, row);
    name->setFont(secondaryFont());
    values->setFont(secondaryFont());
    values->setForegroundRole(QPalette::PlaceholderText);
    auto *change = new PageButton(PageButton::Look::Link, tr("Change"), {}, row);
    change->setAccessibleName(tr("Change %1").arg(title));
    grid->addWidget(glyph, 0, 0);
    grid->addWidget(name, 0, 1);
    grid->addWidget(change, 0, 2);
    grid->addWidget(values, 1, 1, 1, 2);
    grid->setColumnStretch(1, 1);
    m_rows->layout()->addWidget(row);
    connect(change, &QAbstractButton::clicked, this, [this, change, key, original, converted, overridden] {
        QMenu menu(this);
        if (overridden)
            menu.addAction(tr("Use the converted model's own value"), this, [this, key] { Q_EMIT overrideRemoved(key); });
        if (original != converted)
            menu.addAction(tr("Use %1 in the converted model").arg(valueText(original)), this,
                           [this, key, original] { Q_EMIT overrideChosen(key, original); });
        menu.exec(change->mapToGlobal(QPoint(0, change->height())));
    });
}

} // namespace rekey::ui
