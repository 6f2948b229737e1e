// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/keytreepanel.h"

#include "ui/models/keystatus.h"
#include "ui/models/keytreemodel.h"
#include "ui/theme/displaytext.h"
#include "ui/views/emptystate.h"
#include "ui/views/failurecard.h"
#include "ui/views/gutter.h"
#include "ui/views/keytreeview.h"
#include "ui/views/rulesview.h"
#include "ui/window/pagebutton.h"
#include "ui/window/panelheader.h"

#include <QBoxLayout>
#include <QStackedWidget>

#include <map>

namespace rekey::ui {

namespace {

constexpr int gutterWidth = 48;

/// "F32", or the one that most values have and that there are others: "F32 and 2 more".
QString dtypeText(const Schema &schema)
{
    std::map<DType, std::uint64_t> values;
    for (const SchemaTensor &tensor : schema.tensors)
        values[tensor.dtype] += elementCount(tensor.shape) + 1;
    if (values.empty())
        return {};
    const auto most = std::max_element(values.begin(), values.end(), [](const auto &a, const auto &b) { return a.second < b.second; });
    const std::string_view dtype = rekey::name(most->first);
    const QString text = QString::fromLatin1(dtype.data(), static_cast<qsizetype>(dtype.size()));
    return values.size() == 1 ? text : text + QStringLiteral("+%1").arg(values.size() - 1);
}

} // namespace

KeyTreePanel::KeyTreePanel(Side side, Session &session, RulesView &rules, QWidget *parent)
    : QWidget(parent)
    , m_side(side)
    , m_session(session)
    , m_model(new KeyTreeModel(side, this))
    , m_view(new KeyTreeView(m_model))
    , m_gutter(new Gutter(side, *m_view, rules, session))
    , m_header(new PanelHeader(side == Side::Source ? tr("Source") : tr("Target"),
                               side == Side::Source ? QStringLiteral("source") : QStringLiteral("target")))
    , m_stack(new QStackedWidget)
    , m_empty(new EmptyState(side == Side::Source ? QStringLiteral("source") : QStringLiteral("target")))
    , m_failure(new FailureCard)
{
    m_view->setAccessibleName(side == Side::Source ? tr("Source keys") : tr("Target keys"));
    m_view->setMinimumWidth(120);
    auto *keys = new QWidget;
    auto *row = new QHBoxLayout(keys);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    row->addWidget(m_view, 1);
    row->insertWidget(side == Side::Source ? 1 : 0, m_gutter);
    m_empty->setText(side == Side::Source ? tr("No source is open") : tr("No target is open"),
                     side == Side::Source ? tr("The file or folder your weights come from.")
                                          : tr("A file, a folder, or an architecture without a file."));
    auto *open = new PageButton(PageButton::Look::Outlined, side == Side::Source ? tr("Open source…") : tr("Open target…"),
                                QStringLiteral("open"));
    m_empty->addButton(open);
    connect(open, &QAbstractButton::clicked, this, &KeyTreePanel::openAsked);

    auto *failure = new QWidget;
    failure->setAutoFillBackground(true);
    failure->setBackgroundRole(QPalette::Base);
    auto *failureColumn = new QVBoxLayout(failure);
    failureColumn->setContentsMargins(16, 16, 16, 16);
    failureColumn->addWidget(m_failure);
    failureColumn->addStretch(1);
    connect(m_failure, &FailureCard::chooseAsked, this, &KeyTreePanel::openAsked);
    connect(m_failure, &FailureCard::keysOnlyAsked, this, [this] { m_session.openKeysOnly(m_side); });

    m_stack->addWidget(keys);
    m_stack->addWidget(m_empty);
    m_stack->addWidget(failure);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_header);
    column->addWidget(m_stack, 1);
    setMinimumWidth(220 + gutterWidth);

    connect(&session, &Session::opened, this, [this](Side opened) {
        if (opened == m_side)
            followOpened();
        followPair();
    });
    followOpened();
    followPair();
}

void KeyTreePanel::followPair()
{
    // Curves need both sides.
    m_gutter->setVisible(m_session.hasPair());
    if (m_side == Side::Target)
        m_header->setLeftMargin(m_session.hasPair() ? gutterWidth + 12 : 12);
}

void KeyTreePanel::followOpened()
{
    const CheckpointPtr checkpoint = m_session.checkpoint(m_side);
    m_model->setTree(m_session.keyTree(m_side), checkpoint ? std::shared_ptr<const Schema>(checkpoint, &checkpoint->schema()) : nullptr);
    m_header->setDetail(m_session.name(m_side));
    m_header->setToolTip(QString::fromStdString(m_session.path(m_side).string()));
    m_header->setTrailingText({});
    if (checkpoint) {
        const KeyTree::Node &root = m_model->tree()->at(KeyTree::root);
        m_header->setTrailingText(
            QStringLiteral("%1 · %2 · %3").arg(countText(root.keys), dtypeText(checkpoint->schema()), bytesText(root.bytes)));
        m_view->expandFirstLevels();
        m_stack->setCurrentIndex(0);
        followResolution();
    } else if (const OpenFailure *failure = m_session.failure(m_side)) {
        m_failure->setFailure(*failure);
        m_stack->setCurrentIndex(2);
    } else {
        m_stack->setCurrentIndex(1);
    }
}

void KeyTreePanel::alignWithPartners()
{
    const auto resolution = m_session.document().resolution();
    if (m_aligned || m_side != Side::Target || !resolution || resolution->assignments.empty() || !m_model->tree())
        return;
    m_aligned = true;
    std::vector<std::uint32_t> place(resolution->targets.size(), none);
    for (const Assignment &assignment : resolution->assignments) {
        for (const std::uint32_t target : assignment.targets)
            place[target] = std::min(place[target], assignment.sources.empty() ? none : assignment.sources.front());
    }
    m_model->setOrder(place);
    m_view->expandFirstLevels();
}

void KeyTreePanel::followResolution()
{
    if (!m_session.document().resolution())
        m_aligned = false;
    alignWithPartners();
    const auto resolution = m_session.document().resolution();
    const auto mapping = m_session.document().resolvedMapping();
    m_model->setStatuses(resolution ? keyStatuses(m_side, *resolution, *mapping) : std::vector<Status>(), resolution, mapping);
    m_gutter->follow();
}

void KeyTreePanel::showPartners(const std::vector<std::uint32_t> &tensors, bool reveal)
{
    const std::vector<std::uint32_t> framed = m_model->setPartners(tensors);
    if (reveal && !framed.empty())
        m_view->reveal(framed.front());
    m_view->viewport()->update();
}

} // namespace rekey::ui
