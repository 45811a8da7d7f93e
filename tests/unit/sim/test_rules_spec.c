/*
 * What is wrong with pods; the causes are those that the API server gave for the
 * same templates of a ReplicationController, sorted. Left out of places:
 * "spec.template.spec.", "spec.template." is "~".
 */
#include <stdlib.h>
#include <string.h>

#include "sim/kinds.h"
#include "sim/rules.h"

#include "crd_help.h"

static struct arena arena;

static const struct rules_world world = {.unix_now = 1700000000};

/* clang-format off */
static const struct {
    const char *template; /* without its labels */
    const char *causes;
} CASES[] = {
    {"{'spec':{'containers':[{'name':'c','image':'nginx'}],'affinity':{'"
     "nodeAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':{'"
     "nodeSelectorTerms':[{'matchExpressions':[{'key':'zone','operator':"
     "'In'},{'key':'zone','operator':'Exists','values':['a']},{'key':'zo"
     "ne','operator':'Gt','values':['1','2']},{'key':'a b','operator':'O"
     "dd'},{'key':'z','operator':'In','values':['-','a']}]},{'matchField"
     "s':[{'key':'metadata.name','operator':'In','values':['a','b']},{'k"
     "ey':'metadata.uid','operator':'In','values':['a']},{'key':'metadat"
     "a.name','operator':'Exists'},{'key':'metadata.name','operator':'In"
     "','values':['A_']}]}]}}}}}",
     "Forbidden affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[1].values\n"
     "Invalid affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[3].key\n"
     "Invalid affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[3].operator\n"
     "Invalid affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[4].values[0]\n"
     "Invalid affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[1].matchFields[1].key\n"
     "Invalid affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[1].matchFields[2].operator\n"
     "Invalid affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[1].matchFields[3].values[0]\n"
     "Required affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values\n"
     "Required affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[2].values\n"
     "Required affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[1].matchFields[0].values\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx'}],'affinity':{'"
     "nodeAffinity':{'preferredDuringSchedulingIgnoredDuringExecution':["
     "{'weight':0,'preference':{}},{'weight':101,'preference':{'matchExp"
     "ressions':[{'key':'z','operator':'In','values':['-']}]}},{'weight'"
     ":1,'preference':{'matchExpressions':[{'key':'','operator':'Lt'}]}}"
     "]}}}}",
     "Invalid affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight\n"
     "Invalid affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[1].weight\n"
     "Invalid affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[2].preference.matchExpressions[0].key\n"
     "Invalid affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[2].preference.matchExpressions[0].key\n"
     "Required affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[2].preference.matchExpressions[0].values\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx'}],'affinity':{'"
     "podAntiAffinity':{'preferredDuringSchedulingIgnoredDuringExecution"
     "':[{'weight':200,'podAffinityTerm':{'topologyKey':'z','labelSelect"
     "or':{'matchExpressions':[{'key':'a','operator':'In'},{'key':'a','o"
     "perator':'In','values':['-']},{'key':'','operator':'Maybe'}]}}}]}}"
     "}}",
     "Invalid affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.labelSelector.matchExpressions[1].values[0]\n"
     "Invalid affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.labelSelector.matchExpressions[2].key\n"
     "Invalid affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.labelSelector.matchExpressions[2].key\n"
     "Invalid affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.labelSelector.matchExpressions[2].operator\n"
     "Invalid affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight\n"
     "Required affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.labelSelector.matchExpressions[0].values\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx'}],'affinity':{'"
     "podAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':[{'"
     "topologyKey':'z','labelSelector':{'matchLabels':{'app':'web'}},'ma"
     "tchLabelKeys':['app','tier'],'mismatchLabelKeys':['tier']}]}}}}",
     "Invalid affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].matchLabelKeys[1]\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx'}],'affinity':{'"
     "podAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':[{'"
     "topologyKey':'z','labelSelector':{'matchLabels':{'a':'b'}},'mismat"
     "chLabelKeys':['app'],'matchLabelKeys':['no label']}]}}}}",
     "Invalid affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].matchLabelKeys[0]\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx'}],'topologySpre"
     "adConstraints':[{'maxSkew':0,'topologyKey':'','whenUnsatisfiable':"
     "'','nodeAffinityPolicy':'Odd','nodeTaintsPolicy':'','minDomains':0"
     "}]}}",
     "Invalid topologySpreadConstraints[0].maxSkew\n"
     "Invalid topologySpreadConstraints[0].minDomains\n"
     "Invalid topologySpreadConstraints[0].minDomains\n"
     "NotSupported topologySpreadConstraints[0].nodeAffinityPolicy\n"
     "NotSupported topologySpreadConstraints[0].nodeTaintsPolicy\n"
     "NotSupported topologySpreadConstraints[0].whenUnsatisfiable\n"
     "Required topologySpreadConstraints[0].topologyKey\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx'}],'tolerations'"
     ":[{'operator':'Equal'},{'key':'a b','operator':'Lt','value':'1'},{"
     "'key':'a','operator':'Exists','value':'x'},{'key':'a','tolerationS"
     "econds':1,'effect':'NoSchedule'},{'key':'a','effect':'Odd'},{'key'"
     ":'a','value':'- -'}]}}",
     "Invalid tolerations[0].operator\n"
     "Invalid tolerations[1].key\n"
     "Invalid tolerations[2].operator\n"
     "Invalid tolerations[3].effect\n"
     "Invalid tolerations[5].operator\n"
     "NotSupported tolerations[1].operator\n"
     "NotSupported tolerations[4].effect\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx'}],'dnsPolicy':'"
     "None','dnsConfig':{'nameservers':['1.2.3.4','x','::1','2.3.4.5'],'"
     "searches':['a_b','.','a.b.','-',''],'options':[{'value':'x'},{'nam"
     "e':'n'}]}}}",
     "Invalid dnsConfig.nameservers\n"
     "Invalid dnsConfig.nameservers[1]\n"
     "Invalid dnsConfig.searches[3]\n"
     "Invalid dnsConfig.searches[4]\n"
     "Required dnsConfig.options[0]\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx'}],'securityCont"
     "ext':{'runAsUser':-1,'runAsGroup':2147483648,'fsGroup':-1,'supplem"
     "entalGroups':[1,-1],'fsGroupChangePolicy':'Odd','supplementalGroup"
     "sPolicy':'Odd','seLinuxChangePolicy':'Odd'}}}",
     "Invalid securityContext.fsGroup\n"
     "Invalid securityContext.runAsGroup\n"
     "Invalid securityContext.runAsUser\n"
     "Invalid securityContext.supplementalGroups[1]\n"
     "NotSupported securityContext.fsGroupChangePolicy\n"
     "NotSupported securityContext.seLinuxChangePolicy\n"
     "NotSupported securityContext.supplementalGroupsPolicy\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx'}],'securityCont"
     "ext':{'seccompProfile':{'type':'Odd'},'appArmorProfile':{'type':'O"
     "dd','localhostProfile':'x'}}}}",
     "NotSupported securityContext.appArmorProfile.type\n"
     "NotSupported securityContext.seccompProfile.type\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx'}],'securityCont"
     "ext':{'seccompProfile':{'type':'Localhost','localhostProfile':'../"
     "x'},'appArmorProfile':{'type':'Localhost','localhostProfile':' x'}"
     "}}}",
     "Invalid securityContext.appArmorProfile.localhostProfile\n"
     "Invalid securityContext.seccompProfile.localhostProfile\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx'}],'securityCont"
     "ext':{'seccompProfile':{'type':'Localhost','localhostProfile':'/x'"
     "},'appArmorProfile':{'type':'Localhost','localhostProfile':''}}}}",
     "Invalid securityContext.seccompProfile.localhostProfile\n"
     "Required securityContext.appArmorProfile.localhostProfile\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx','securityContex"
     "t':{'runAsUser':-1,'runAsGroup':-1,'procMount':'Odd'}}]}}",
     "Invalid containers[0].securityContext.runAsGroup\n"
     "Invalid containers[0].securityContext.runAsUser\n"
     "NotSupported containers[0].securityContext.procMount\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx'}],'securityCont"
     "ext':{'windowsOptions':{'gmsaCredentialSpecName':'A_','gmsaCredent"
     "ialSpec':'','runAsUserName':''}}}}",
     "Invalid securityContext.windowsOptions.gmsaCredentialSpec\n"
     "Invalid securityContext.windowsOptions.gmsaCredentialSpecName\n"
     "Invalid securityContext.windowsOptions.runAsUserName\n"},
    {"{'spec':{'containers':[{'name':'','image':'nginx'}]}}",
     "Required containers[0].name\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx','restartPolicyR"
     "ules':[{'action':'Restart','exitCodes':{'operator':'In','values':["
     "1]}}]}]}}",
     "Required containers[0].restartPolicy\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx','restartPolicy'"
     ":'Never','restartPolicyRules':[{'action':'Odd'},{'action':'Restart"
     "','exitCodes':{'operator':'Odd'}}]}]}}",
     "NotSupported containers[0].restartPolicyRules[0].action\n"
     "NotSupported containers[0].restartPolicyRules[1].exitCodes.operator\n"
     "Required containers[0].restartPolicyRules[0].exitCodes\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx','resizePolicy':"
     "[{'resourceName':'memory','restartPolicy':'RestartContainer'}]}],'"
     "restartPolicy':'Never'}}",
     "Invalid containers[0].resizePolicy\n"
     "NotSupported restartPolicy\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx','ports':[{'cont"
     "ainerPort':0},{'containerPort':70000,'hostPort':70000,'protocol':'"
     "Odd'},{'containerPort':1,'name':'Bad--'},{'containerPort':2,'name'"
     ":'Bad--'},{'containerPort':3,'name':'ok'},{'containerPort':4,'name"
     "':'ok'}]}]}}",
     "Duplicate containers[0].ports[5].name\n"
     "Invalid containers[0].ports[1].containerPort\n"
     "Invalid containers[0].ports[1].hostPort\n"
     "Invalid containers[0].ports[2].name\n"
     "Invalid containers[0].ports[2].name\n"
     "Invalid containers[0].ports[2].name\n"
     "Invalid containers[0].ports[3].name\n"
     "Invalid containers[0].ports[3].name\n"
     "Invalid containers[0].ports[3].name\n"
     "NotSupported containers[0].ports[1].protocol\n"
     "Required containers[0].ports[0].containerPort\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx','ports':[{'cont"
     "ainerPort':1},{'containerPort':2,'hostPort':3}]}],'hostNetwork':tr"
     "ue}}",
     "Invalid containers[0].ports[1].hostPort\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx','env':[{'name':"
     "'a','valueFrom':{'fieldRef':{'fieldPath':''}}},{'name':'b','valueF"
     "rom':{'fieldRef':{'fieldPath':'spec.host'}}},{'name':'c','valueFro"
     "m':{'fieldRef':{'fieldPath':'status.phase'}}},{'name':'d','valueFr"
     "om':{'fieldRef':{'fieldPath':'metadata.labels[\\u0027a b\\u0027]'}"
     "}},{'name':'e','valueFrom':{'fieldRef':{'apiVersion':'v2','fieldPa"
     "th':'metadata.name'}}},{'name':'f','valueFrom':{'fieldRef':{'field"
     "Path':'metadata.annotations[\\u0027A/B/C\\u0027]'}}},{'name':'g','"
     "valueFrom':{'fieldRef':{'fieldPath':'metadata.name[\\u0027a\\u0027"
     "]'}}}]}]}}",
     "Invalid containers[0].env[3].valueFrom.fieldRef\n"
     "Invalid containers[0].env[4].valueFrom.fieldRef.fieldPath\n"
     "Invalid containers[0].env[5].valueFrom.fieldRef\n"
     "Invalid containers[0].env[6].valueFrom.fieldRef.fieldPath\n"
     "NotSupported containers[0].env[2].valueFrom.fieldRef.fieldPath\n"
     "Required containers[0].env[0].valueFrom.fieldRef.fieldPath\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx','env':[{'name':"
     "'a','valueFrom':{'fileKeyRef':{'key':'','volumeName':'','path':''}"
     "}},{'name':'b','valueFrom':{'fileKeyRef':{'key':'a=','volumeName':"
     "'A_','path':'../x'}}}]}]}}",
     "Invalid containers[0].env[1].valueFrom.fileKeyRef.key\n"
     "Invalid containers[0].env[1].valueFrom.fileKeyRef.path\n"
     "Invalid containers[0].env[1].valueFrom.fileKeyRef.volumeName\n"
     "NotFound containers[0].env[0].valueFrom.fileKeyRef.volumeName\n"
     "NotFound containers[0].env[1].valueFrom.fileKeyRef.volumeName\n"
     "Required containers[0].env[0].valueFrom.fileKeyRef.key\n"
     "Required containers[0].env[0].valueFrom.fileKeyRef.path\n"
     "Required containers[0].env[0].valueFrom.fileKeyRef.volumeName\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx','env':[{'name':"
     "'a','valueFrom':{'fileKeyRef':{'key':'a','volumeName':'v','path':'"
     "x'}}},{'name':'b','valueFrom':{'fileKeyRef':{'key':'a','volumeName"
     "':'m','path':'x','optional':true}}}]}],'volumes':[{'name':'v','emp"
     "tyDir':{}},{'name':'m','configMap':{'name':'a'}}]}}",
     "Invalid containers[0].env[1].valueFrom.fileKeyRef.volumeName\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx','envFrom':[{},{"
     "'configMapRef':{'name':''}},{'secretRef':{'name':'A_'}},{'configMa"
     "pRef':{'name':'a-'},'secretRef':{'name':'b'}},{'prefix':'a=','conf"
     "igMapRef':{'name':'a'}}]}]}}",
     "Invalid containers[0].envFrom\n"
     "Invalid containers[0].envFrom\n"
     "Invalid containers[0].envFrom[2].secretRef.name\n"
     "Invalid containers[0].envFrom[4].prefix\n"
     "Required containers[0].envFrom[1].configMapRef.name\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx','lifecycle':{'p"
     "reStop':{'sleep':{'seconds':-1}}}}]}}",
     "Invalid containers[0].lifecycle.preStop.sleep\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx','readinessProbe"
     "':{'httpGet':{'port':0,'path':'','scheme':'Odd','httpHeaders':[{'n"
     "ame':'a b'},{'name':''}]},'terminationGracePeriodSeconds':5}}]}}",
     "Invalid containers[0].readinessProbe.httpGet.httpHeaders\n"
     "Invalid containers[0].readinessProbe.httpGet.httpHeaders\n"
     "Invalid containers[0].readinessProbe.httpGet.port\n"
     "Invalid containers[0].readinessProbe.terminationGracePeriodSeconds\n"
     "NotSupported containers[0].readinessProbe.httpGet.scheme\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx','startupProbe':"
     "{'tcpSocket':{'port':'not_a_name'},'failureThreshold':-1,'successT"
     "hreshold':0}}]}}",
     "Invalid containers[0].startupProbe.failureThreshold\n"
     "Invalid containers[0].startupProbe.tcpSocket.port\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx','startupProbe':"
     "{'grpc':{'port':70000},'timeoutSeconds':-1,'initialDelaySeconds':-"
     "1}}]}}",
     "Invalid containers[0].startupProbe.grpc.port\n"
     "Invalid containers[0].startupProbe.initialDelaySeconds\n"
     "Invalid containers[0].startupProbe.timeoutSeconds\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx','resources':{'r"
     "equests':{'example.com/x':1},'limits':{'example.com/x':2}}}]}}",
     "Invalid containers[0].resources.requests\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx','resources':{'c"
     "laims':[{'name':'a'},{'name':'a','request':'r'}]}}],'resourceClaim"
     "s':[{'name':'a','resourceClaimName':'x'}]}}",
     "Duplicate containers[0].resources.claims[1]\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx'}],'resourceClai"
     "ms':[{'name':''},{'name':'A_','resourceClaimName':'A_'},{'name':'a"
     "','resourceClaimName':'x','resourceClaimTemplateName':'y'},{'name'"
     ":'a','resourceClaimName':'x'}]}}",
     "Duplicate resourceClaims[3].name\n"
     "Invalid resourceClaims[0]\n"
     "Invalid resourceClaims[1].name\n"
     "Invalid resourceClaims[1].resourceClaimName\n"
     "Invalid resourceClaims[2]\n"
     "Required resourceClaims[0].name\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx','resources':{'r"
     "equests':{'cpu':2}}}],'resources':{'requests':{'cpu':1,'memory':'1"
     "Gi'}}}}",
     "Invalid resources.requests[cpu]\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx'}],'resources':{"
     "'limits':{'storage':1,'odd':1},'requests':{'ephemeral-storage':1}}"
     "}}",
     "Invalid resources.limits[odd]\n"
     "NotSupported resources.limits[storage]\n"
     "NotSupported resources.requests[ephemeral-storage]\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx','resources':{'l"
     "imits':{'hugepages-2Mi':'4Mi','cpu':1}}}],'resources':{'limits':{'"
     "hugepages-2Mi':'2Mi','cpu':1},'requests':{'hugepages-2Mi':'2Mi'}}}"
     "}",
     "Invalid resources.containers[0][hugepages-2Mi].limits\n"
     "Invalid resources.limits[hugepages-2Mi]\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx','volumeMounts':"
     "[{'name':'','mountPath':''},{'name':'v','mountPath':'/a','subPath'"
     ":'../x','subPathExpr':'/y'},{'name':'v','mountPath':'/a','mountPro"
     "pagation':'Bidirectional'},{'name':'v','mountPath':'/b','recursive"
     "ReadOnly':'Enabled','mountPropagation':'HostToContainer'},{'name':"
     "'v','mountPath':'/c','recursiveReadOnly':'Odd'},{'name':'v','mount"
     "Path':'/d:e','mountPropagation':'Odd'}]}],'volumes':[{'name':'v','"
     "emptyDir':{}}]}}",
     "Forbidden containers[0].volumeMounts.mountPropagation\n"
     "Forbidden containers[0].volumeMounts.recursiveReadOnly\n"
     "Forbidden containers[0].volumeMounts.recursiveReadOnly\n"
     "Invalid containers[0].volumeMounts.subPath\n"
     "Invalid containers[0].volumeMounts.subPathExpr\n"
     "Invalid containers[0].volumeMounts[1].subPathExpr\n"
     "Invalid containers[0].volumeMounts[2].mountPath\n"
     "NotFound containers[0].volumeMounts[0].name\n"
     "NotSupported containers[0].volumeMounts.mountPropagation\n"
     "NotSupported containers[0].volumeMounts.recursiveReadOnly\n"
     "Required containers[0].volumeMounts[0].mountPath\n"
     "Required containers[0].volumeMounts[0].name\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx','volumeDevices'"
     ":[{'name':'p','devicePath':'/dev/a'}]}],'hostUsers':false,'volumes"
     "':[{'name':'p','persistentVolumeClaim':{'claimName':'a'}}]}}",
     "Forbidden containers[0].volumeDevices\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx'}],'volumes':[{'"
     "name':'a','gcePersistentDisk':{'pdName':'','partition':300}},{'nam"
     "e':'b','awsElasticBlockStore':{'volumeID':'','partition':-1}},{'na"
     "me':'c','rbd':{'monitors':[],'image':''}},{'name':'d','cinder':{'v"
     "olumeID':'','secretRef':{}}},{'name':'e','cephfs':{'monitors':[]}}"
     ",{'name':'f','quobyte':{'registry':'a,b:1','volume':''}},{'name':'"
     "g','quobyte':{'registry':'','volume':'v'}}]}}",
     "Invalid volumes[0].persistentDisk.partition\n"
     "Invalid volumes[1].awsElasticBlockStore.partition\n"
     "Invalid volumes[5].quobyte.registry\n"
     "Required volumes[0].persistentDisk.pdName\n"
     "Required volumes[1].awsElasticBlockStore.volumeID\n"
     "Required volumes[2].rbd.image\n"
     "Required volumes[2].rbd.monitors\n"
     "Required volumes[3].cinder.secretRef.name\n"
     "Required volumes[3].cinder.volumeID\n"
     "Required volumes[4].cephfs.monitors\n"
     "Required volumes[5].quobyte.volume\n"
     "Required volumes[6].quobyte.registry\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx'}],'volumes':[{'"
     "name':'a','fc':{}},{'name':'b','fc':{'targetWWNs':['a'],'wwids':['"
     "b']}},{'name':'c','fc':{'targetWWNs':['a'],'lun':300}},{'name':'d'"
     ",'flexVolume':{'driver':'','options':{'x.kubernetes.io/a':'b','k8s"
     ".io/x':'y','own':'z'}}},{'name':'e','azureFile':{'secretName':'','"
     "shareName':''}},{'name':'f','vsphereVolume':{'volumePath':''}},{'n"
     "ame':'g','photonPersistentDisk':{'pdID':''}},{'name':'h','portworx"
     "Volume':{'volumeID':''}}]}}",
     "Invalid volumes[1].fc.targetWWNs\n"
     "Invalid volumes[2].fc.lun\n"
     "Invalid volumes[3].flexVolume.options[k8s.io/x]\n"
     "Invalid volumes[3].flexVolume.options[x.kubernetes.io/a]\n"
     "Required volumes[0].fc.targetWWNs\n"
     "Required volumes[1].fc.lun\n"
     "Required volumes[3].flexVolume.driver\n"
     "Required volumes[4].azureFile.secretName\n"
     "Required volumes[4].azureFile.shareName\n"
     "Required volumes[5].vsphereVolume.volumePath\n"
     "Required volumes[6].photonPersistentDisk.pdID\n"
     "Required volumes[7].portworxVolume.volumeID\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx'}],'volumes':[{'"
     "name':'a','azureDisk':{'diskName':'','diskURI':''}},{'name':'b','a"
     "zureDisk':{'diskName':'a','diskURI':'b','cachingMode':'Odd','kind'"
     ":'Odd'}},{'name':'c','azureDisk':{'diskName':'a','diskURI':'/subsc"
     "riptions/x','kind':'Managed'}},{'name':'d','storageos':{'volumeNam"
     "e':'A_','volumeNamespace':'B_','secretRef':{}}},{'name':'e','scale"
     "IO':{'gateway':'','system':'','volumeName':'','secretRef':null}},{"
     "'name':'f','glusterfs':{'endpoints':'','path':''}},{'name':'g','fl"
     "ocker':{}},{'name':'h','flocker':{'datasetName':'a/b','datasetUUID"
     "':'c'}}]}}",
     "Invalid volumes[3].storageos.volumeName\n"
     "Invalid volumes[3].storageos.volumeNamespace\n"
     "Invalid volumes[7].flocker\n"
     "Invalid volumes[7].flocker.datasetName\n"
     "NotSupported volumes[0].azureDisk.diskURI\n"
     "NotSupported volumes[1].azureDisk.cachingMode\n"
     "NotSupported volumes[1].azureDisk.diskURI\n"
     "NotSupported volumes[1].azureDisk.kind\n"
     "Required volumes[0].azureDisk.diskName\n"
     "Required volumes[0].azureDisk.diskURI\n"
     "Required volumes[3].storageos.secretRef.name\n"
     "Required volumes[4].scaleIO.gateway\n"
     "Required volumes[4].scaleIO.system\n"
     "Required volumes[4].scaleIO.volumeName\n"
     "Required volumes[5].glusterfs.endpoints\n"
     "Required volumes[5].glusterfs.path\n"
     "Required volumes[6].flocker\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx'}],'volumes':[{'"
     "name':'a','csi':{'driver':''}},{'name':'b','csi':{'driver':'A_','n"
     "odePublishSecretRef':{'name':''}}},{'name':'c','csi':{'driver':'Up"
     "per.example','nodePublishSecretRef':{'name':'A_'}}},{'name':'d','c"
     "si':{'driver':'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaa'}}]}}",
     "Invalid volumes[1].csi.driver\n"
     "Invalid volumes[2].csi.name\n"
     "Required volumes[0].csi.driver\n"
     "Required volumes[1].csi.nodePublishSecretRef.name\n"
     "TooLong volumes[3].csi.driver\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx'}],'volumes':[{'"
     "name':'a','image':{}},{'name':'b','image':{'reference':'x','pullPo"
     "licy':'Odd'}},{'name':'c','image':{'reference':'x'}},{'name':'d','"
     "image':{'reference':'x:latest'}}]}}",
     "NotSupported volumes[1].image.pullPolicy\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx'}],'volumes':[{'"
     "name':'a','ephemeral':{}},{'name':'b','ephemeral':{'volumeClaimTem"
     "plate':{'metadata':{'name':'x','labels':{'a b':'c'}},'spec':{'acce"
     "ssModes':[]}}}},{'name':'c','ephemeral':{'volumeClaimTemplate':{'s"
     "pec':{'accessModes':['ReadWriteOnce'],'resources':{'requests':{'st"
     "orage':'1Gi'}}}}}},{'name':'d','persistentVolumeClaim':{'claimName"
     "':'p-c'}}]}}",
     "Forbidden volumes[1].ephemeral.volumeClaimTemplate.metadata.name\n"
     "Invalid volumes[1].ephemeral.volumeClaimTemplate.metadata.labels\n"
     "Required volumes[0].ephemeral.volumeClaimTemplate\n"
     "Required volumes[1].ephemeral.volumeClaimTemplate.spec.accessModes\n"
     "Required volumes[1].ephemeral.volumeClaimTemplate.spec.resources[storage]\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx'}],'volumes':[{'"
     "name':'a','emptyDir':{'sizeLimit':-1}},{'name':'a','emptyDir':{'me"
     "dium':'Odd'}},{'name':'b','emptyDir':{},'hostPath':{'path':'/'}},{"
     "'name':'c','hostPath':{'path':'','type':'Odd'}},{'name':'d','hostP"
     "ath':{'path':'/a/../b','type':''}},{'name':'e'},{'name':'','emptyD"
     "ir':{}}]}}",
     "Forbidden volumes[0].emptyDir.sizeLimit\n"
     "Forbidden volumes[2].hostPath\n"
     "Invalid volumes[4].hostPath.path\n"
     "Required volumes[3].hostPath.path\n"
     "Required volumes[6].name\n"},
    {"{'spec':{'containers':[{'name':'c','image':'nginx'}],'volumes':[{'"
     "name':'a','nfs':{'server':'','path':''}},{'name':'b','nfs':{'serve"
     "r':'a','path':'rel'}},{'name':'c','secret':{'secretName':'','defau"
     "ltMode':512,'items':[{'key':'','path':''}]}},{'name':'d','configMa"
     "p':{'name':'','defaultMode':-1,'items':[{'key':'a','path':'/abs','"
     "mode':512},{'key':'b','path':'..x'}]}},{'name':'e','gitRepo':{'rep"
     "ository':'','directory':'..'}},{'name':'f','persistentVolumeClaim'"
     ":{'claimName':''}}]}}",
     "Invalid volumes[0].nfs.path\n"
     "Invalid volumes[1].nfs.path\n"
     "Invalid volumes[2].secret.defaultMode\n"
     "Invalid volumes[3].configMap.defaultMode\n"
     "Invalid volumes[3].configMap.items[0].mode\n"
     "Invalid volumes[3].configMap.items[0].path\n"
     "Invalid volumes[3].configMap.items[1].path\n"
     "Invalid volumes[4].gitRepo.directory\n"
     "Required volumes[0].nfs.path\n"
     "Required volumes[0].nfs.server\n"
     "Required volumes[2].secret.items[0].key\n"
     "Required volumes[2].secret.items[0].path\n"
     "Required volumes[2].secret.secretName\n"
     "Required volumes[3].configMap.name\n"
     "Required volumes[4].gitRepo.repository\n"
     "Required volumes[5].persistentVolumeClaim.claimName\n"},
    {"{'metadata':{'annotations':{'seccomp.security.alpha.kubernetes.io/"
     "pod':'unconfined','container.seccomp.security.alpha.kubernetes.io/"
     "c':'odd'}},'spec':{'containers':[{'name':'c','image':'nginx'}]}}",
     "Invalid ~annotations.container.seccomp.security.alpha.kubernetes.io/c\n"},
};
/* clang-format on */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "Reason place" */
static const char *line_of(const struct failure_cause *cause)
{
    static const char spec[] = "spec.template.spec.", rest[] = "spec.template.";
    const char *place = cause->field;
    const char *mark = "";

    if (text_starts(place, spec))
        place += strlen(spec);
    else if (text_starts(place, rest))
        place += strlen(rest), mark = "~";
    return arena_printf(&arena, "%s %s%s\n",
                        cause->reason + strlen("FieldValue"), mark, place);
}

static const char *sorted_causes(const struct failure *f)
{
    const char *lines[64];
    const char *all = "";
    size_t count = f->cause_count < 64 ? f->cause_count : 64;

    for (size_t i = 0; i < count; i++) {
        lines[i] = line_of(&f->causes[i]);
        if (!lines[i])
            return "";
    }
    qsort(lines, count, sizeof lines[0], by_text);
    for (size_t i = 0; i < count && all; i++)
        all = arena_printf(&arena, "%s%s", all, lines[i]);
    return all ? all : "";
}

/* From decoding to validation. */
static const char *ask(const struct kinds *k, const char *template)
{
    struct value *pod = quoted(&arena, template);
    struct value *object = quoted(
        &arena,
        "{'apiVersion':'v1','kind':'ReplicationController','metadata':{'name':"
        "'x','namespace':'default','uid':'u'},'spec':{'selector':{'app':'web'"
        "},'template':{}}}");
    struct rules_call c = {.subresource = "", .world = &world, .a = &arena};
    struct value *meta = value_make(&arena, pod, "metadata");
    struct failure f;

    failure_init(&f, &arena);
    c.kind = kinds_find_kind(k, "v1", "ReplicationController");
    if (!meta ||
        value_set(&arena, meta, "labels", quoted(&arena, "{'app':'web'}")) <
            0 ||
        value_set(&arena, value_get(object, "spec"), "template", pod) < 0 ||
        rules_decode(&c, object, NULL, &f) < 0 ||
        rules_default(&c, object, &f) < 0 ||
        rules_prepare_create(&c, object, &f) < 0)
        return "";
    rules_validate(&c, object, NULL, &f);
    return sorted_causes(&f);
}

TEST(what_is_wrong_with_a_pod_is_told_as_the_api_server_tells_it)
{
    struct kinds *k = kinds_new();

    for (size_t i = 0; k && i < sizeof CASES / sizeof CASES[0]; i++)
        check_str(ask(k, CASES[i].template), CASES[i].causes);
    kinds_free(k);
    arena_release(&arena);
}
