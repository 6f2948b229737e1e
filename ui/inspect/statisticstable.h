// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QString>
#include <QStringList>
#include <QWidget>

namespace rekey::ui {

enum class ColumnInk : quint8 { Text, Quiet, Source, Target };

/// Names at the left, right-aligned figures in columns; painted, so that rows cost nothing. One focusable element for
/// screen readers, which get the rows as its description.
class StatisticsTable : public QWidget
{
    Q_OBJECT
public:
    struct Column { QString title; ColumnInk titleInk = ColumnInk::Quiet; ColumnInk ink = ColumnInk::Text; };
    struct Row { QString name; QStringList cells; };

    explicit StatisticsTable(QList<Column> columns, QWidget *parent = nullptr);

    void setRows(const QList<Row> &rows);
    void setRowHeight(int height);
    void setColumnWidth(int width);   ///< of each column of figures
    void setLeftAligned(bool on);     ///< one column of texts beside the names: a list of facts
    void setNameWidth(int width);     ///< of the names when left-aligned

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;
    void changeEvent(QEvent *event) override;
    bool event(QEvent *event) override;

private:
    bool hasTitles() const;
    QList<Column> m_columns;
    QList<Row> m_rows;
    int m_rowHeight = 22, m_columnWidth = 76, m_nameWidth = 80;
    bool m_leftAligned = false;
};

} // namespace rekey::ui
