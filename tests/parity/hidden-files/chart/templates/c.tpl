tpl: 1
