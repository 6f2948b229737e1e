// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/pairdialog.h"

#include "ui/jobs/job.h"
#include "ui/theme/displaytext.h"
#include "ui/theme/theme.h"
#include "ui/window/pagebutton.h"

#include <QApplication>
#include <QBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListView>

namespace rekey::ui {

/// Rows of the target tree, by node.
class PairDialog::Rows : public QAbstractListModel
{
public:
    Rows(std::shared_ptr<const KeyTree> tree, QObject *parent)
        : QAbstractListModel(parent)
        , m_tree(std::move(tree))
    {
    }

    void setNodes(std::vector<std::uint32_t> nodes)
    {
        beginResetModel();
        m_nodes = std::move(nodes);
        endResetModel();
    }

    std::uint32_t node(int row) const { return m_nodes[static_cast<std::size_t>(row)]; }
    int rowCount(const QModelIndex &parent = {}) const override { return parent.isValid() ? 0 : static_cast<int>(m_nodes.size()); }

    QVariant data(const QModelIndex &index, int role) const override
    {
        if (!index.isValid() || (role != Qt::DisplayRole && role != Qt::ToolTipRole))
            return {};
        const KeyTree::Node &shown = m_tree->nodes[node(index.row())];
        const QString detail = shown.shapes.empty() ? PairDialog::tr("%n key(s)", nullptr, static_cast<int>(shown.keys))
                                                    : QString::fromStdString(shown.shapes);
        return keyText(shown.path) + QStringLiteral("   ") + detail;
    }

private:
    std::shared_ptr<const KeyTree> m_tree;
    std::vector<std::uint32_t> m_nodes;
};

PairDialog::PairDialog(Session &session, const std::vector<std::uint32_t> &sources, QWidget *parent)
    : QDialog(parent)
    , m_session(session)
    , m_tree(session.keyTree(Side::Target))
    , m_edit(new QLineEdit)
    , m_list(new QListView)
    , m_rows(new Rows(m_tree, this))
{
    setWindowTitle(tr("Pair with…"));
    resize(560, 420);
    const Schema &schema = session.checkpoint(Side::Source)->schema();
    for (const std::uint32_t source : sources)
        m_values += elementCount(schema.tensors[source].shape);
    const QString first = keyText(schema.tensors[sources.front()].key);
    auto *what = new QLabel(sources.size() == 1
                                ? tr("%1 becomes the target key:").arg(first)
                                : tr("%1 and %n more key(s) become:", nullptr, static_cast<int>(sources.size()) - 1).arg(first));
    what->setWordWrap(true);
    m_edit->setPlaceholderText(tr("Part of a target key"));
    m_edit->setAccessibleName(tr("Part of a target key"));
    m_edit->installEventFilter(this);
    m_list->setModel(m_rows);
    m_list->setFont(fixedFont());
    m_list->setUniformItemSizes(true);
    m_list->setFocusPolicy(Qt::NoFocus);
    m_list->setAccessibleName(tr("Target keys, those of the same size first"));
    auto *pair = new PageButton(PageButton::Look::Primary, tr("Pair…"));
    auto *cancel = new PageButton(PageButton::Look::Outlined, tr("Cancel"));
    auto *buttons = new QHBoxLayout;
    buttons->addStretch(1);
    buttons->addWidget(cancel);
    buttons->addWidget(pair);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(16, 16, 16, 16);
    column->setSpacing(8);
    column->addWidget(what);
    column->addWidget(m_edit);
    column->addWidget(m_list, 1);
    column->addLayout(buttons);
    connect(m_edit, &QLineEdit::textChanged, this, &PairDialog::filter);
    connect(m_edit, &QLineEdit::returnPressed, this, &QDialog::accept);
    connect(m_list, &QListView::doubleClicked, this, &QDialog::accept);
    connect(pair, &QAbstractButton::clicked, this, &QDialog::accept);
    connect(cancel, &QAbstractButton::clicked, this, &QDialog::reject);
    filter();
}

bool PairDialog::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == m_edit && event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent *>(event)->key();
        if (key == Qt::Key_Up || key == Qt::Key_Down || key == Qt::Key_PageUp || key == Qt::Key_PageDown) {
            QApplication::sendEvent(m_list, event);
            return true;
        }
    }
    return QDialog::eventFilter(watched, event);
}

void PairDialog::filter()
{
    m_session.jobs().start(
        this, QStringLiteral("filter"), tr("Filtering"),
        [tree = m_tree, values = m_values, text = m_edit->text()](const Progress &progress) {
            std::vector<std::uint32_t> nodes;
            for (std::uint32_t node = 1; node < tree->nodes.size(); ++node) {
                if (node % 4096 == 0)
                    progress.check();
                if (text.isEmpty() || keyText(tree->nodes[node].path).contains(text, Qt::CaseInsensitive))
                    nodes.push_back(node);
            }
            std::stable_partition(nodes.begin(), nodes.end(), [&](std::uint32_t node) { return tree->nodes[node].values == values; });
            return nodes;
        },
        [this](std::vector<std::uint32_t> nodes) {
            m_rows->setNodes(std::move(nodes));
            m_list->setCurrentIndex(m_rows->index(0));
        });
}

std::vector<std::uint32_t> PairDialog::targets() const
{
    const QModelIndex current = m_list->currentIndex();
    return current.isValid() ? m_tree->tensorsBelow(m_rows->node(current.row())) : std::vector<std::uint32_t>();
}

} // namespace rekey::ui
