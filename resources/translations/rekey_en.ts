<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en_US">
<context>
    <name>rekey::ui::ConvertDialog</name>
    <message numerus="yes">
        <source>Convert %n tensor(s)</source>
        <translation>
            <numerusform>Convert %n tensor</numerusform>
            <numerusform>Convert %n tensors</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>rekey::ui::EvidencePanel</name>
    <message numerus="yes">
        <source>%n source key(s)</source>
        <translation>
            <numerusform>%n source key</numerusform>
            <numerusform>%n source keys</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n target key(s)</source>
        <translation>
            <numerusform>%n target key</numerusform>
            <numerusform>%n target keys</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>rekey::ui::ExportDialog</name>
    <message numerus="yes">
        <source>%n line(s)</source>
        <translation>
            <numerusform>%n line</numerusform>
            <numerusform>%n lines</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>rekey::ui::KeyTreeModel</name>
    <message numerus="yes">
        <source>%n key(s)</source>
        <translation>
            <numerusform>%n key</numerusform>
            <numerusform>%n keys</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>rekey::ui::MapPage</name>
    <message numerus="yes">
        <source>Accept %n rule(s)</source>
        <translation>
            <numerusform>Accept %n rule</numerusform>
            <numerusform>Accept %n rules</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Reject %n rule(s)</source>
        <translation>
            <numerusform>Reject %n rule</numerusform>
            <numerusform>Reject %n rules</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>rekey::ui::PairDialog</name>
    <message numerus="yes">
        <source>%n key(s)</source>
        <translation>
            <numerusform>%n key</numerusform>
            <numerusform>%n keys</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%1 and %n more key(s) become:</source>
        <translation>
            <numerusform>%1 and %n more key become:</numerusform>
            <numerusform>%1 and %n more keys become:</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>rekey::ui::Pairing</name>
    <message numerus="yes">
        <source>and %n more rule(s)</source>
        <translation>
            <numerusform>and %n more rule</numerusform>
            <numerusform>and %n more rules</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>rekey::ui::PairingDrag</name>
    <message numerus="yes">
        <source>%n row(s)</source>
        <translation>
            <numerusform>%n row</numerusform>
            <numerusform>%n rows</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n key(s)</source>
        <translation>
            <numerusform>%n key</numerusform>
            <numerusform>%n keys</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>rekey::ui::PairingProposal</name>
    <message numerus="yes">
        <source>and %n more rule(s)</source>
        <translation>
            <numerusform>and %n more rule</numerusform>
            <numerusform>and %n more rules</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>rekey::ui::RuleDelegate</name>
    <message numerus="yes">
        <source>%n key(s)</source>
        <translation>
            <numerusform>%n key</numerusform>
            <numerusform>%n keys</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>rekey::ui::RuleEdits</name>
    <message numerus="yes">
        <source>Accept %n rule(s)</source>
        <translation>
            <numerusform>Accept %n rule</numerusform>
            <numerusform>Accept %n rules</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Reject %n rule(s)</source>
        <translation>
            <numerusform>Reject %n rule</numerusform>
            <numerusform>Reject %n rules</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>rekey::ui::RulesModel</name>
    <message numerus="yes">
        <source>%n candidate(s)</source>
        <translation>
            <numerusform>%n candidate</numerusform>
            <numerusform>%n candidates</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%1 to %2, %n key(s)</source>
        <translation>
            <numerusform>%1 to %2, %n key</numerusform>
            <numerusform>%1 to %2, %n keys</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>rekey::ui::RulesPanel</name>
    <message numerus="yes">
        <source>%n rule(s)</source>
        <translation>
            <numerusform>%n rule</numerusform>
            <numerusform>%n rules</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Closest: &lt;a href=&apos;#&apos;&gt;%1&lt;/a&gt;, %n key(s)</source>
        <translation>
            <numerusform>Closest: &lt;a href=&apos;#&apos;&gt;%1&lt;/a&gt;, %n key</numerusform>
            <numerusform>Closest: &lt;a href=&apos;#&apos;&gt;%1&lt;/a&gt;, %n keys</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>rekey::ui::ScriptPanel</name>
    <message numerus="yes">
        <source>%n line(s)</source>
        <translation>
            <numerusform>%n line</numerusform>
            <numerusform>%n lines</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>rekey::ui::Session</name>
    <message numerus="yes">
        <source>%n rule(s) proven by value in %1</source>
        <translation>
            <numerusform>%n rule proven by value in %1</numerusform>
            <numerusform>%n rules proven by value in %1</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n rule(s) suggested in %1</source>
        <translation>
            <numerusform>%n rule suggested in %1</numerusform>
            <numerusform>%n rules suggested in %1</numerusform>
        </translation>
    </message>
</context>
</TS>
