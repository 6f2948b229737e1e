// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QSortFilterProxyModel>
#include <QTreeView>

namespace rekey::ui {

/// Rows that are findings, or all; and of these the ones whose texts contain the words of a filter.
class ParityFilter : public QSortFilterProxyModel
{
    Q_OBJECT
public:
    explicit ParityFilter(QObject *parent = nullptr);
    void setFindingsOnly(bool on);
    void setWords(const QString &text);

protected:
    bool filterAcceptsRow(int row, const QModelIndex &parent) const override;

private:
    bool m_findingsOnly = false;
    QStringList m_words;
};

/// A sortable table of verdicts: rows 24 high, chips, keys in the fixed font. Ctrl+C copies the selected row.
class ParityTable : public QTreeView
{
    Q_OBJECT
public:
    /// `widths` of the columns; the last one takes the rest.
    ParityTable(QAbstractItemModel *model, const QList<int> &widths, QWidget *parent = nullptr);

    ParityFilter &filter() const { return *m_filter; }
    int currentRow() const; ///< in the result; -1: none
    void setCurrentRow(int row); ///< without rowChosen()

Q_SIGNALS:
    void rowChosen(int row); ///< by a person; in the result
    void rowActivated(int row); ///< double click, Enter

protected:
    void drawBranches(QPainter *, const QRect &, const QModelIndex &) const override { }
    void drawRow(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override;
    void keyPressEvent(QKeyEvent *event) override;
    bool viewportEvent(QEvent *event) override;

private:
    ParityFilter *m_filter;
    QPersistentModelIndex m_hovered;
    bool m_quiet = false;
};

} // namespace rekey::ui
